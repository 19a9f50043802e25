import { randomBytes } from 'node:crypto';
import { rawName } from '../contract/compile-column.ts';
import type { Unsealing } from '../contract/compile-sealed.ts';
import type { SourceContract } from '../contract/contract.ts';
import { fieldName, fieldSql } from '../contract/raw-record.ts';
import type { Layout } from '../csv/layout.ts';
import type { Engine } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { DataError } from '../errors.ts';
import type { RecordsOpener } from '../privacy/cells/records-opener.ts';
import type { PlainRecords } from '../privacy/plain-records.ts';
import { plainRows } from '../privacy/rows.ts';

/** No value holds so many random bytes; each is searched for them. */
const SEPARATOR_BYTES = 12;

/** The table of a segment's records with their cells opened beside them. */
export const OPENED_RECORDS = 'opened_records';

/** Where the opened text of a field stands. */
const openedFieldName = (field: number): string => `o$${field}`;

/** How cells are read that were opened ahead. */
export type OpenedAhead = Required<Pick<Unsealing, 'open' | 'hasEdgeBlanks'>>;

/** Records to be read, and the fields of them that may hold envelopes. */
export interface RecordsToOpen {
  /** The records as a table expression. */
  readonly source: string;
  readonly rows: number;
  readonly layout: Layout;
  readonly contract: Pick<SourceContract, 'columns'>;
  readonly fields: readonly number[];
  /** The same records in their file, some at a time. */
  readonly slices: () => AsyncIterable<PlainRecords>;
}

/**
 * Reads a segment into the temporary table OPENED_RECORDS, with the opened text of each sealed cell beside it. Cells are
 * opened as they stand in the file, and texts come to DuckDB many in one: handing over each by itself costs as much as
 * opening it. Returns how the cells are opened in SQL then.
 */
export async function stageOpened(
  engine: Engine,
  segment: RecordsToOpen,
  opener: RecordsOpener,
): Promise<OpenedAhead> {
  const { fields } = segment;
  await engine.run(`CREATE OR REPLACE TEMP TABLE raw_records AS SELECT * FROM ${segment.source}`);
  const separator = randomBytes(SEPARATOR_BYTES).toString('base64url');
  const names = fields.map(openedFieldName);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE opened_texts (first$ BIGINT, ${names.map((name) => `${name} VARCHAR`).join(', ')})`,
  );
  let [first, hasEdgeBlanks] = [0, false];
  for await (const records of segment.slices()) {
    const opened = await opener.open(plainRows(records, []), fields, separator);
    await engine.append('opened_texts', [[BigInt(first), ...opened.texts]]);
    hasEdgeBlanks ||= opened.hasEdgeBlanks;
    first += records.count;
  }
  requireCount(first, segment.rows);
  await joinOpened(engine, names, separator);
  await requireInPlace(engine);
  return { open: openedIn(segment), hasEdgeBlanks };
}

async function joinOpened(engine: Engine, names: readonly string[], separator: string): Promise<void> {
  const lists = names.map((name) => `string_split(${name}, ${literal(separator)}) AS ${name}`);
  const texts = names.map((name) => `unnest(${name}) AS ${name}`);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE ${OPENED_RECORDS} AS
     SELECT raw_records.*, opened.* FROM raw_records POSITIONAL JOIN (
       SELECT unnest(range(first$, first$ + len(${names[0]}))) AS place$, ${texts.join(', ')}
       FROM (SELECT first$, ${lists.join(', ')} FROM opened_texts ORDER BY first$)
     ) AS opened`,
  );
  await engine.run('DROP TABLE raw_records');
  await engine.run('DROP TABLE opened_texts');
}

function requireCount(read: number, scanned: number): void {
  if (read === scanned) return;
  const message =
    'Of the records that were scanned, another number was read to be opened; nothing was published.';
  throw new DataError('RECORD_COUNT', message, { context: { scanned, read } });
}

/** Throws DataError where a text would stand beside another record than its own. */
async function requireInPlace(engine: Engine): Promise<void> {
  const [strays = 0] = await engine.integers(
    `SELECT count(*) FROM ${OPENED_RECORDS} WHERE place$ IS DISTINCT FROM rowid`,
  );
  if (strays === 0) return;
  const message = 'Opened values came back in another number than their records; nothing was published.';
  throw new DataError('RECORD_COUNT', message, { context: { strays } });
}

/** SQL of the opened text of a cell, by the SQL of the cell. */
function openedIn({ layout, contract, fields }: RecordsToOpen): Unsealing['open'] {
  const names = new Map(fields.map((field) => [fieldName(field), openedFieldName(field)]));
  for (const index of contract.columns.keys()) {
    const cell = fieldSql(layout, index);
    // What has no field has no value.
    if (layout.columns[index] === undefined) names.set(cell, cell);
    const opened = names.get(cell);
    if (opened !== undefined) names.set(rawName(index), opened);
  }
  return (cell) => {
    const opened = names.get(cell);
    if (opened === undefined) throw new RangeError(`${cell} was not opened`);
    return opened;
  };
}
