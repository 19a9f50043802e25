import { ConfigError } from '../errors.ts';
import type { Reading } from './read-records.ts';
import type { FailedRecord, RecordFilter } from './records.ts';

/** Reads the records that are meant. */
export type ReadRecords = (
  dataset: string,
  reading: Reading,
) => Promise<{ readonly records: FailedRecord[] }>;

/**
 * The records to act on. Throws ConfigError `NO_RECORDS` where none is meant, and `SEVERAL_RECORDS` where an id means
 * several.
 */
export async function chooseRecords(
  read: ReadRecords,
  dataset: string,
  reading: Reading,
): Promise<FailedRecord[]> {
  const { records } = await read(dataset, reading);
  for (const id of reading.filter.ids) {
    const meant = records.filter(({ rowHash }) => rowHash.startsWith(id.toLowerCase()));
    if (meant.length > 1)
      throw new ConfigError('SEVERAL_RECORDS', `'${id}' means ${meant.length} records: write more of it.`);
    if (meant.length === 0) throw noRecords(dataset, `no record ${id}`, reading.states);
  }
  if (records.length === 0) throw noRecords(dataset, 'no matching record', reading.states);
  return records;
}

/** Whether a filter means less than every record of its dataset. */
export const isNarrowed = (filter: RecordFilter): boolean =>
  filter.ids.length > 0 || Object.keys(filter).length > 1;

function noRecords(dataset: string, what: string, states: readonly string[]): ConfigError {
  const command = states.includes('condemned') ? 'list --condemned' : 'list';
  return new ConfigError(
    'NO_RECORDS',
    `There is ${what} of ${dataset} that is ${states.join(' or ')}: 'assay quarantine ${command} --dataset ${dataset}' lists those there are.`,
    { context: { dataset } },
  );
}
