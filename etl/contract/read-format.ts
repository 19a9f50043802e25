import { pointerSteps } from '../jsonl/pointer.ts';
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

/** Reads `assay.path`, where a column's value stands in a record of JSON. */
export function readPath(custom: CustomValues, problems: Problems): { readonly path?: string } {
  const given = custom.get('assay.path');
  if (given === undefined) return {};
  if (
    typeof given.value === 'string' &&
    pointerSteps(given.value) !== undefined &&
    !given.value.includes('\0')
  )
    return { path: given.value };
  const what = typeof given.value === 'string' ? `is '${given.value}', which is` : 'is';
  problems.add(
    given.path,
    `${what} no JSON pointer; write e.g. /customer/address/city (in a name, ~1 for / and ~0 for ~)`,
  );
  return {};
}
