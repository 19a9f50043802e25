import type { Contract, ContractColumn, SourceContract } from '../contract/contract.ts';
import { ConfigError } from '../errors.ts';
import { isProtected, protectionOf, subjectOf } from '../privacy/protection.ts';
import { canonicalSubjectId } from '../privacy/subject-id.ts';
import type { Subject } from '../privacy/vault.ts';

/** A dataset with data of a kind of subject, and the columns that name one. */
export interface SubjectDataset {
  readonly contract: SourceContract;
  readonly columns: readonly ContractColumn[];
}

/** Somebody whom a person names, as datasets write the id: one subject, unless two datasets read the same text as two ids. */
export interface AskedSubject {
  readonly kind: string;
  readonly subjects: readonly Subject[];
  readonly datasets: readonly SubjectDataset[];
}

/** Datasets of which something is protected, ordered by name. */
export const protectedContracts = (contracts: Iterable<Contract>): SourceContract[] =>
  [...contracts].flatMap((contract) =>
    contract.layer === 'silver' && isProtected(protectionOf(contract)) ? [contract] : [],
  );

/**
 * Whom a text means among the datasets that have data of that kind. Throws ConfigError `NO_KIND` where no contract knows
 * the kind, and `SUBJECT_ID` where the text is no id of it.
 */
export function askedSubject(contracts: Iterable<Contract>, { kind, id: text }: Subject): AskedSubject {
  const all = protectedContracts(contracts);
  const datasets = datasetsOf(all, kind);
  if (datasets.length === 0) throw noKind(all, kind);
  const ids = datasets.flatMap(({ contract, columns }) =>
    columns.flatMap((column) => canonicalSubjectId(text, withNulls(column, contract)) ?? []),
  );
  if (ids.length === 0) {
    throw new ConfigError(
      'SUBJECT_ID',
      `This is no id of a ${kind}: write it as ${datasets.map(({ contract, columns }) => `${columns.map(({ name }) => `'${name}'`).join(' and ')} of ${contract.dataset}`).join(', ')} has it.`,
      { context: { kind } },
    );
  }
  return { kind, subjects: [...new Set(ids)].map((id) => ({ kind, id })), datasets };
}

/** Datasets that have data of a kind of subject. */
export function datasetsOf(contracts: readonly SourceContract[], kind: string): readonly SubjectDataset[] {
  return contracts.flatMap((contract) => {
    const names = new Set(
      declaredSubjects(contract).flatMap((one) => (one.kind === kind ? [one.column] : [])),
    );
    const columns = contract.columns.filter(({ name }) => names.has(name));
    return columns.length === 0 ? [] : [{ contract, columns }];
  });
}

/** Every kind of subject that a contract knows, with the column that names it. */
export function declaredSubjects(
  contract: SourceContract,
): readonly { readonly column: string; readonly kind: string }[] {
  const protection = protectionOf(contract);
  const named = contract.columns.flatMap(({ name }) => subjectOf(protection, name) ?? []);
  return contract.subject === undefined ? named : [contract.subject, ...named];
}

/** A column with all the texts that mean no value in it. */
export const withNulls = (column: ContractColumn, { csv }: SourceContract): ContractColumn => ({
  ...column,
  nullValues: [...csv.nullValues, ...(column.nullValues ?? [])],
});

function noKind(contracts: readonly SourceContract[], kind: string): ConfigError {
  const kinds = [
    ...new Set(contracts.flatMap((one) => declaredSubjects(one).map((subject) => subject.kind))),
  ];
  return new ConfigError(
    'NO_KIND',
    kinds.length === 0
      ? 'No contract protects anything: there is nobody to be found by an id (assay.subject).'
      : `No contract has data of a '${kind}'; there ${kinds.length === 1 ? 'is' : 'are'} ${kinds.sort().join(', ')}.`,
    { context: { kind } },
  );
}
