import { z } from 'zod';
import type { FailedRecord, RecordPlace } from '../../etl/quarantine/records.ts';
import { cursorAt, noCursor, placeOf } from '../api/paging.ts';

/** Where a list goes on: the last record's dataset, file, number and hash. */
const Place = z.tuple([z.string(), z.string(), z.int(), z.string()]);

/** The cursor of the page that begins behind a record. */
export const cursorOf = (dataset: string, record: FailedRecord): string =>
  cursorAt(JSON.stringify([dataset, record.sourceFile, record.sourceRowNumber, record.rowHash]));

/** Behind which record a page begins; throws ConfigError `REQUEST` for a cursor of no list of records. */
export function afterOf(cursor: string | undefined): {
  readonly after?: RecordPlace & { readonly dataset: string };
} {
  const text = placeOf(cursor);
  if (text === undefined) return {};
  const [dataset, sourceFile, sourceRowNumber, rowHash] = readPlace(text, cursor ?? '');
  return { after: { dataset, sourceFile, sourceRowNumber, rowHash } };
}

function readPlace(text: string, cursor: string): z.infer<typeof Place> {
  try {
    return Place.parse(JSON.parse(text));
  } catch (error) {
    throw noCursor(cursor, error);
  }
}
