import { pointerSteps } from '../jsonl/pointer.ts';
import type { ContractColumn } from './contract.ts';
import type { CustomValues } from './custom-properties.ts';
import { choice, readValue } from './fields.ts';
import type { Problems } from './problems.ts';

const FORMAT = choice(['csv', 'jsonl']);

/** Reads `assay.format`, what the source's files are; absent: CSV, and workbooks whose sheets are read like it. */
export function readFormat(custom: CustomValues, problems: Problems): 'jsonl' | undefined {
  const given = custom.get('assay.format');
  if (given === undefined) return undefined;
  const format = readValue(FORMAT, given.value, given.path, problems);
  return format === 'jsonl' ? 'jsonl' : undefined;
}

const ENVELOPE = choice(['debezium']);

/** Reads `assay.envelope`, what stands around the values of a record of JSON; absent: nothing that Assay knows. */
export function readEnvelope(custom: CustomValues, problems: Problems): { readonly envelope?: 'debezium' } {
  const given = custom.get('assay.envelope');
  if (given === undefined) return {};
  const envelope = readValue(ENVELOPE, given.value, given.path, problems);
  return envelope === 'debezium' ? { envelope } : {};
}

/** Reads `assay.path`, where a column's value stands in a record of JSON: one place, or a list of which the first is that of today. */
export function readPath(
  custom: CustomValues,
  problems: Problems,
): Pick<ContractColumn, 'path' | 'otherPaths'> {
  const given = custom.get('assay.path');
  if (given === undefined) return {};
  const { value, path: at } = given;
  const all: readonly unknown[] = Array.isArray(value) && value.length > 0 ? value : [value];
  const places = all.filter(isPlace);
  for (const one of all.filter((one) => !isPlace(one)))
    problems.add(
      at,
      `${typeof one === 'string' ? `is '${one}', which is` : 'is'} no JSON pointer; write e.g. /customer/address/city (in a name, ~1 for / and ~0 for ~)`,
    );
  const [path, ...otherPaths] = places;
  if (path === undefined) return {};
  return otherPaths.length === 0 ? { path } : { path, otherPaths };
}

const isPlace = (value: unknown): value is string =>
  typeof value === 'string' && pointerSteps(value) !== undefined && !value.includes('\0');
