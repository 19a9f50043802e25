import type { ColumnProtection, ContractColumn, SourceContract } from '../contract/contract.ts';
import { dueAt } from '../operations/promised-time.ts';
import { type DatasetProtection, isProtected, subjectOf } from './protection.ts';

/** What is wrong with a column's protection, or with the dataset's where no column is named. */
export interface ProtectionProblem {
  readonly column?: string;
  /** Set where it is about how long values stay readable. */
  readonly isOfRetention?: true;
  readonly message: string;
}

/** What checking needs of a contract. */
export type CheckedContract = Pick<
  SourceContract,
  'columns' | 'key' | 'partitionColumn' | 'measures' | 'csv'
>;

/** Everything that is missing in the protection of a dataset, or may not be. Nothing is, where it protects nothing. */
export function checkProtection(
  contract: CheckedContract,
  protection: DatasetProtection,
): readonly ProtectionProblem[] {
  if (!isProtected(protection)) return [];
  const ofColumns = contract.columns.flatMap((column) => {
    const said = protection.columns.get(column.name);
    const messages = said === undefined ? unsaid(column) : columnProblems(column, said, contract, protection);
    return messages.map((message) => ({ column: column.name, message }));
  });
  return [...ofColumns, ...subjectProblems(contract, protection), ...retentionProblems(contract, protection)];
}

const unsaid = ({ classification }: ContractColumn): string[] =>
  classification === 'personal'
    ? [
        'is personal and says not how it is protected; write assay.protect: {as: encrypted, group: …}, or as: clear with a reason',
      ]
    : [];

function columnProblems(
  column: ContractColumn,
  said: ColumnProtection,
  contract: CheckedContract,
  protection: DatasetProtection,
): string[] {
  if (said.as === 'clear') return [];
  const { name } = column;
  const messages = usesOf(name, contract)
    .filter((use) => use !== KEY || said.as !== 'pseudonym')
    .map((use) => `is ${said.as} and can't be ${use}`);
  if (said.as === 'dropped') return [...messages, ...checksOfDropped(column)];
  const subject = subjectOf(protection, name);
  if (subject === undefined)
    return [
      ...messages,
      'belongs to nobody; write assay.subject: {column, kind} on the schema object, or subject here',
    ];
  if (said.as === 'pseudonym' && subject.column !== name)
    messages.push(
      `is a pseudonym, which is the reference of whom its id names; write subject: {column: ${name}, kind: …}, or as: encrypted`,
    );
  return messages;
}

const KEY = 'part of the key: its envelope is another each month';

/** What a column is used for that needs its values in the clear. */
function usesOf(name: string, { key, partitionColumn, measures, csv }: CheckedContract): string[] {
  return [
    ...(key.includes(name) ? [KEY] : []),
    ...(partitionColumn === name ? ["the partition column, which says a record's month"] : []),
    ...(measures.some(({ column, by }) => column === name || by === name)
      ? ['a measure, or what one is summed by']
      : []),
    ...(csv.totalRowColumn === name ? ["the column of the source's total row"] : []),
  ];
}

const checksOfDropped = ({ required, checks }: ContractColumn): string[] =>
  required || checks.length > 0
    ? ['is dropped before anything is checked, and is required or has checks; remove them']
    : [];

/** Each subject's column is there, can name somebody, and isn't stored in the clear by mistake. */
function subjectProblems(contract: CheckedContract, protection: DatasetProtection): ProtectionProblem[] {
  const names = new Set(contract.columns.flatMap(({ name }) => subjectOf(protection, name)?.column ?? []));
  if (protection.subject !== undefined) names.add(protection.subject.column);
  return [...names].flatMap((name) => {
    const column = contract.columns.find((one) => one.name === name);
    if (column === undefined)
      return [{ message: `names a subject by the column '${name}', which isn't there` }];
    return nameProblems(column, protection).map((message) => ({ column: name, message }));
  });
}

function nameProblems({ name, type, number }: ContractColumn, protection: DatasetProtection): string[] {
  const said = protection.columns.get(name)?.as;
  const isText = type.kind === 'string' || type.kind === 'long';
  return [
    ...(isText ? [] : ['names a subject, and is neither a string nor an integer']),
    ...(number.exponent === true
      ? ['names a subject, and may be written with an exponent, which has lost digits']
      : []),
    ...(said === 'pseudonym' || said === 'clear'
      ? []
      : ['names a subject; write assay.protect: {as: pseudonym, group: …}, or as: clear with a reason']),
  ];
}

function retentionProblems(
  { columns }: CheckedContract,
  { retention, columns: said }: DatasetProtection,
): ProtectionProblem[] {
  if (retention === undefined) return [];
  const { level, element } = retention;
  const messages: ProtectionProblem[] = [];
  if (dueAt(new Date(0), level) === undefined)
    messages.push({
      isOfRetention: true,
      message: `keeps values for '${level.value} ${level.unit ?? ''}', which is no length of time; write e.g. value: 6, unit: y`,
    });
  if (element === undefined) return messages;
  const column = columns.find(({ name }) => name === element);
  if (column?.type.kind !== 'date' && column?.type.kind !== 'timestamptz')
    messages.push({
      isOfRetention: true,
      message: `counts retention from '${element}', which is no date or timestamp of the contract`,
    });
  else if ((said.get(element)?.as ?? 'clear') !== 'clear')
    messages.push({ column: element, message: 'is what retention counts from, and must stay clear' });
  return messages;
}
