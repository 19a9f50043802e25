import { PII_KINDS } from '../privacy/pii/find-pii.ts';
import type { ContractColumn, KnownPii } from './contract.ts';
import type { CustomValues } from './custom-properties.ts';
import { choice, isMap, listOf, readFields, refuseUnknown, text } from './fields.ts';
import { isOpen } from './open-columns.ts';
import type { Problems } from './problems.ts';

const NAMES = PII_KINDS.map(({ name }) => name) as [string, ...string[]];

const FIELDS = {
  known: listOf(choice(NAMES), `write which kinds the column may hold, e.g. [${NAMES[0]}]`, 1),
  reason: text('write why that does no harm, for those who ask later'),
} as const;

/** Reads `assay.pii`, the personal data that a column is known to hold although anyone of the company may read it. */
export function readPii(
  custom: CustomValues,
  { classification }: Pick<ContractColumn, 'classification'>,
  problems: Problems,
): { readonly knownPii?: KnownPii } {
  const given = custom.get('assay.pii');
  if (given === undefined) return {};
  const { value, path } = given;
  if (!isOpen({ classification }))
    problems.add(path, `is for public and internal columns, and this one is ${classification}; remove it`);
  if (!isMap(value)) {
    problems.add(path, `is no map; write e.g. {known: [${NAMES[0]}], reason: why that does no harm}`);
    return {};
  }
  refuseUnknown(value, Object.keys(FIELDS), path, { problems, hint: 'use known, reason' });
  const { known, reason } = readFields(FIELDS, value, path, problems);
  return known === undefined || reason === undefined ? {} : { knownPii: { kinds: known, reason } };
}
