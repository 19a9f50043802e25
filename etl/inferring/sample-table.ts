import { textSql } from '../contract/compile-column.ts';
import type { ContractColumn, SourceContract } from '../contract/contract.ts';
import { DEFAULT_LIMITS } from '../contract/read-settings.ts';
import { cutSegments, SEGMENT_BYTES } from '../csv/segments.ts';
import { type Engine, integerOf } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { DataError } from '../errors.ts';
import type { Scratch } from '../ports.ts';
import { stageSegment } from '../refining/staged-segment.ts';
import type { MatchedColumn } from './match-columns.ts';
import type { Signs } from './sniff-dialect.ts';

/** A file whose records are to be sampled. */
export interface SampledFile {
  readonly name: string;
  /** From the header on: the text, or stretches of it. */
  readonly stream: () => AsyncIterable<Uint8Array>;
}

/** What was read of a file. */
export interface ReadFile {
  readonly name: string;
  readonly records: number;
  /** Without any value. */
  readonly blank: number;
  /** Those that can't be parsed. */
  readonly broken: number;
  /** Those with empty fields past the header's width. */
  readonly withExtraEmpty: number;
  /** Header lines among the records, which are no part of the sample. */
  readonly repeatedHeaders: number;
  /** Whether some record had to be read as Windows-1252. */
  readonly isWindows1252: boolean;
}

/** The table that `sampleRecords` makes. */
export const SAMPLE_TABLE = 'sample_records';
/** Which file a record is from, and its place there. */
export const FILE = 'file$';
export const ROW = 'row$';

/**
 * Reads files into SAMPLE_TABLE by the scanner and the SQL that refine reads them with: one row a record that has any
 * value, its columns as trimmed text, NULL where empty. Throws DataError `UNREADABLE` where a file can't be read.
 */
export async function sampleRecords(
  engine: Engine,
  files: readonly SampledFile[],
  { columns, signs, scratch }: { columns: readonly MatchedColumn[]; signs: Signs; scratch: Scratch },
): Promise<ReadFile[]> {
  const contract = draftContract(columns, signs);
  const names = columns.map(({ name }) => identifier(name));
  await engine.run(
    `CREATE TABLE ${SAMPLE_TABLE} (${FILE} INTEGER, ${ROW} BIGINT, ${names.map((name) => `${name} VARCHAR`).join(', ')})`,
  );
  const data = { stream: (key: string) => streamOf(files, key) };
  const read = files.map(({ name }) => ({
    name,
    records: 0,
    broken: 0,
    withExtraEmpty: 0,
    repeatedHeaders: 0,
    isWindows1252: false,
  }));
  const sources = files.map((_, index) => ({ index, key: String(index) }));
  for await (const event of cutSegments(sources, { contract, data, scratch, segmentBytes: SEGMENT_BYTES })) {
    if (event.kind === 'segment') {
      const { segment } = event;
      const sourceFileIds = new Map(segment.parts.map(({ fileIndex }) => [fileIndex, String(fileIndex)]));
      await stageSegment(engine, segment, {
        contract,
        digestKey: '',
        look: 'first',
        sourceFileIds,
        scratch,
        sealed: undefined,
      });
      await engine.run(
        `INSERT INTO ${SAMPLE_TABLE} SELECT CAST(source_file_id AS INTEGER), source_row_number, ${names.join(', ')}
         FROM staged WHERE coalesce(${names.join(', ')}) IS NOT NULL`,
      );
      for (const { fileIndex } of segment.broken) at(read, fileIndex).broken++;
      for (const part of segment.parts) at(read, part.fileIndex).withExtraEmpty += part.withExtraEmpty;
      if (segment.isDecoded)
        for (const { fileIndex } of segment.parts) at(read, fileIndex).isWindows1252 = true;
      await scratch.remove(segment.path);
    } else if (event.outcome.kind === 'rejected') {
      const { name } = at(read, event.outcome.fileIndex);
      throw new DataError('UNREADABLE', `${name} can't be read: ${event.outcome.why}.`, {
        context: { file: name },
      });
    } else if (event.outcome.kind === 'read') {
      const file = at(read, event.outcome.fileIndex);
      file.records = event.outcome.records;
      file.repeatedHeaders = event.outcome.repeatedHeaders;
    }
  }
  const counted = await engine.rows(`SELECT ${FILE} AS file, count(*) AS n FROM ${SAMPLE_TABLE} GROUP BY 1`);
  return read.map((file, index) => {
    const row = counted.find((one) => Number(one.file) === index);
    const filled = row === undefined ? 0 : integerOf(row, 'n');
    return { ...file, blank: file.records - file.broken - filled };
  });
}

/** Takes a file's last records out of the sample. */
export async function dropLast(engine: Engine, file: number, records: number): Promise<void> {
  if (records === 0) return;
  await engine.run(
    `DELETE FROM ${SAMPLE_TABLE} WHERE ${FILE} = ${file} AND ${ROW} IN (SELECT ${ROW} FROM ${SAMPLE_TABLE} WHERE ${FILE} = ${file} ORDER BY ${ROW} DESC LIMIT ${records})`,
  );
}

/** Makes a text mean no value from now on, in every column. */
export async function applyNullValues(
  engine: Engine,
  columns: readonly string[],
  nullValues: readonly string[],
): Promise<void> {
  if (nullValues.length === 0) return;
  const sets = columns.map((name) => `${identifier(name)} = ${textSql(identifier(name), nullValues, false)}`);
  await engine.run(`UPDATE ${SAMPLE_TABLE} SET ${sets.join(', ')}`);
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`there is no file ${index}`);
  return item;
}

function streamOf(files: readonly SampledFile[], key: string): AsyncIterable<Uint8Array> {
  return at(files, Number(key)).stream();
}

/** A contract under which every record passes: each column an optional text. */
function draftContract(columns: readonly MatchedColumn[], signs: Signs): SourceContract {
  return {
    layer: 'silver',
    dataset: 'inferred.sample',
    domain: 'inferred',
    name: 'sample',
    version: '0.0.0',
    owner: '',
    description: '',
    file: '',
    digest: '',
    columns: columns.map(({ name, spellings, path }) =>
      draftColumn({
        name,
        headers: spellings.map(({ header }) => header),
        ...(path === undefined ? {} : { path }),
      }),
    ),
    key: [],
    partitionColumn: '',
    rules: [{ rule: 'any', description: '', expression: 'true' }],
    csv: {
      ...signs,
      extraFields: 'empty',
      encodings: ['utf-8', 'windows-1252'],
      nullValues: [],
      repeatedHeader: 'skip',
    },
    unknownColumns: 'ignore',
    duplicates: 'condemn',
    measures: [],
    limits: DEFAULT_LIMITS,
  };
}

/** An optional text column, with what is known of it. */
export function draftColumn(known: Partial<ContractColumn> & Pick<ContractColumn, 'name'>): ContractColumn {
  return {
    type: { kind: 'string' },
    required: false,
    classification: 'personal',
    description: '',
    headers: [],
    formats: [],
    number: { decimal: '.', symbols: [], parentheses: false },
    checks: [],
    ...known,
  };
}
