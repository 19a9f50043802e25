import { createHash } from 'node:crypto';
import { ARRIVAL_NAME, isByArrival } from '../contract/arrival-month.ts';
import { withCellDates } from '../contract/cell-dates.ts';
import { checkedRules } from '../contract/check-rules.ts';
import { compileStage, type Look, type StageOptions, stagedNames } from '../contract/compile-record.ts';
import { compileWide, wideNames } from '../contract/compile-wide.ts';
import type { SourceContract } from '../contract/contract.ts';
import { fieldName } from '../contract/raw-record.ts';
import { isWide } from '../csv/layout.ts';
import { plainSigns } from '../csv/rewrite.ts';
import { segmentSlices } from '../csv/segment-slices.ts';
import type { Segment, SegmentPart } from '../csv/segments.ts';
import { type Engine, integerOf } from '../engine/engine.ts';
import { constant, literal } from '../engine/sql.ts';
import { DataError } from '../errors.ts';
import type { Scratch } from '../ports.ts';
import { type PlainRecords, plainRecords } from '../privacy/plain-records.ts';
import { type EarlierVerdicts, restoreVerdicts } from './earlier-verdicts.ts';
import { OPENED_RECORDS, type OpenedAhead } from './opened-records.ts';
import type { SealedReading } from './sealed-reading.ts';
import { zonesInUse } from './zones-in-use.ts';

/** What staging a segment needs beside it. */
export interface StagingOptions {
  readonly contract: SourceContract;
  readonly digestKey: string;
  readonly look: Look;
  /** source_file_id by file index. */
  readonly sourceFileIds: ReadonlyMap<number, string>;
  /** When each file came, by file index, as ISO 8601; needed where the contract partitions by it. */
  readonly arrivals?: ReadonlyMap<number, string>;
  /** What reads the segment's file. */
  readonly scratch: Pick<Scratch, 'read'>;
  /** How sealed cells are opened; undefined where the dataset seals nothing. */
  readonly sealed: SealedReading | undefined;
  /** What was said earlier of records that can't be read any more; absent where that isn't asked. */
  readonly earlier?: EarlierVerdicts | undefined;
}

/**
 * Reads a segment into the temporary view `staged`: one row a record with its place in the source (source_file_id,
 * source_row_number) and in the segment (position$, their order in the table) besides what compileStage gives. Records that can't be parsed
 * are blank there.
 */
export async function stageSegment(engine: Engine, segment: Segment, options: StagingOptions): Promise<void> {
  const { contract, sealed } = options;
  const { layout, rows } = segment;
  const slices = () => plainSlices(segment, options);
  const records = { source: readCsv(segment, contract), layout, contract, rows, slices };
  const opened = await sealed?.openAhead(engine, records);
  const giveUp = opened === undefined ? await sealed?.learn(engine, records) : undefined;
  try {
    await stageRecords(engine, segment, { ...options, opened });
  } finally {
    giveUp?.();
  }
  if (opened !== undefined) await engine.run(`DROP TABLE ${OPENED_RECORDS}`);
  await placeRecords(engine, segment, options);
  if (options.earlier !== undefined) await restoreVerdicts(engine, options.earlier);
}

/** A segment's records as DuckDB reads them, some at a time. */
async function* plainSlices(
  segment: Segment,
  { contract, scratch }: Pick<StagingOptions, 'contract' | 'scratch'>,
): AsyncGenerator<PlainRecords> {
  for await (const bytes of segmentSlices(segment, scratch))
    yield plainRecords(bytes, segment.layout.fields, plainSigns(contract.csv));
}

async function stageRecords(
  engine: Engine,
  segment: Segment,
  options: StagingOptions & { readonly opened: OpenedAhead | undefined },
): Promise<void> {
  const { digestKey, look, opened } = options;
  const { hasEdgeBlanks, layout } = segment;
  const contract = layout.hasCells === true ? withCellDates(options.contract) : options.contract;
  const rules = await checkedRules(engine, contract);
  const source = opened === undefined ? readCsv(segment, contract) : OPENED_RECORDS;
  const sealed = options.sealed?.unsealing(contract);
  const unsealing = sealed && opened ? { ...sealed, ...opened } : sealed;
  const zones = await zonesInUse(engine, source, { contract, layout, hasEdgeBlanks, unsealing });
  const optionsOn = (source: string): StageOptions => ({
    contract,
    zones,
    rules,
    layout,
    source,
    hasEdgeBlanks,
    digestKey,
    look,
    unsealing,
    isRowHashNative: engine.hasRowHash,
  });
  const compile = (source: string): string => compileStage(optionsOn(source));
  const select = isWide(Math.max(contract.columns.length, layout.fields)) ? undefined : compile(source);
  if (select === undefined) {
    await stageInSlices(engine, source, optionsOn);
  } else if (await keepsOrder(engine, select, source)) {
    // Under names of our own: a column that the contract calls rowid would hide the table's.
    const names = stagedNames({ contract, look, unsealing });
    const stored = names.map((name, n) => `${name} AS v$${n}`).join(', ');
    const restored = names.map((name, n) => `v$${n} AS ${name}`).join(', ');
    await engine.run(`CREATE OR REPLACE TEMP TABLE staged_records AS SELECT ${stored} FROM (${select})`);
    await engine.run(
      `CREATE OR REPLACE TEMP VIEW positioned AS SELECT ${restored}, rowid AS position$ FROM staged_records`,
    );
  } else {
    await stageInTwoSteps(engine, source, compile);
  }
  const [row = {}] = await engine.rows(
    'SELECT count(*) AS n, coalesce(max(position$), -1) AS last FROM positioned',
  );
  if (integerOf(row, 'n') !== segment.rows || integerOf(row, 'last') !== segment.rows - 1) {
    const context = { scanned: segment.rows, parsed: integerOf(row, 'n') };
    throw new DataError(
      'RECORD_COUNT',
      'DuckDB and the scanner count different records; nothing was published.',
      { context },
    );
  }
}

/** DuckDB's reader with every option set, so that it guesses nothing. */
function readCsv(segment: Segment, { csv, limits }: SourceContract): string {
  const plain = plainSigns(csv);
  const longest = Math.max(limits.maxRecordBytes, segment.longestMadeBytes);
  const columns = Array.from(
    { length: segment.layout.fields },
    (_, field) => `'${fieldName(field)}': 'VARCHAR'`,
  );
  const options = [
    literal(segment.path),
    'auto_detect = false',
    'header = false',
    `delim = ${literal(plain.delimiter)}`,
    `quote = ${literal(plain.quote)}`,
    `escape = ${literal(plain.quote)}`,
    "nullstr = ''",
    'allow_quoted_nulls = false',
    `new_line = ${segment.layout.newline === '\n' ? "'\\n'" : "'\\r\\n'"}`,
    // A quoted line end can fool the reader where two threads meet.
    ...(segment.hasQuotedNewlines ? ['parallel = false'] : []),
    // Larger than DuckDB's default only where it must be: it costs the reader its parallelism.
    ...(longest > DEFAULT_LINE_BYTES ? [`max_line_size = ${longest + 2}`] : []),
    `columns = {${columns.join(', ')}}`,
  ];
  return `read_csv(${options.join(', ')})`;
}

/** DuckDB's own max_line_size. */
const DEFAULT_LINE_BYTES = 2_000_000;

/**
 * Whether DuckDB gives the records back in the segment's order, so that rowid says which is which: it does as long
 * as its plan only projects, but not where it plans a join, as for a rule with a long IN list.
 */
async function keepsOrder(engine: Engine, select: string, source: string): Promise<boolean> {
  const shape = createHash('sha256')
    .update(select.replaceAll(source, () => ''))
    .digest('base64');
  const known = orders.get(shape);
  if (known !== undefined) return known;
  const [row = {}] = await engine.rows(`EXPLAIN CREATE OR REPLACE TEMP TABLE staged_records AS ${select}`);
  const keeps = !/JOIN|AGGREGATE|GROUP_BY|ORDER_BY|WINDOW/.test(String(row.explain_value));
  if (orders.size >= MOST_ORDERS) orders.clear();
  orders.set(shape, keeps);
  return keeps;
}

/** What DuckDB's plans said, by digests of statements without their files: to plan one takes as long as to run it on a small file. */
const orders = new Map<string, boolean>();
const MOST_ORDERS = 1_000;

/** The slower way, for any plan: the raw fields first, whose rowid then goes through as a column, and sorts the result. */
async function stageInTwoSteps(
  engine: Engine,
  source: string,
  compile: (source: string) => string,
): Promise<void> {
  await engine.run(`CREATE OR REPLACE TEMP TABLE raw_records AS SELECT * FROM ${source}`);
  const positioned = '(SELECT rowid AS position$, * FROM raw_records)';
  const select = compile(positioned).replace(/ FROM judged$/, ', position$ FROM judged');
  await engine.run(`CREATE OR REPLACE TEMP TABLE staged_records AS ${select} ORDER BY position$`);
  await engine.run('DROP TABLE raw_records');
  await engine.run('CREATE OR REPLACE TEMP VIEW positioned AS SELECT * FROM staged_records');
}

/** The way of many columns: the raw fields first, then a slice of the columns at a time. */
async function stageInSlices(
  engine: Engine,
  source: string,
  optionsOn: (source: string) => StageOptions,
): Promise<void> {
  // Those of the segment before would only take memory.
  await engine.run('DROP VIEW IF EXISTS staged');
  await engine.run('DROP VIEW IF EXISTS positioned');
  await engine.run('DROP TABLE IF EXISTS staged_records');
  await engine.run(`CREATE OR REPLACE TEMP TABLE raw_records AS SELECT * FROM ${source}`);
  const options = optionsOn('(SELECT rowid AS position$, * FROM raw_records)');
  const { steps, from } = compileWide(options);
  for (const { table, select } of steps)
    await engine.run(`CREATE OR REPLACE TEMP TABLE ${table} AS ${select}`);
  const names = [...wideNames(options), 'position$'].join(', ');
  await engine.run('DROP TABLE raw_records');
  await engine.run(`CREATE OR REPLACE TEMP TABLE staged_records AS SELECT ${names} FROM ${from}`);
  for (const { table } of steps) await engine.run(`DROP TABLE ${table}`);
  await engine.run('CREATE OR REPLACE TEMP VIEW positioned AS SELECT * FROM staged_records');
}

/** Makes the view `staged`: the records with their place in the source, which follows from their position in the segment. */
async function placeRecords(
  engine: Engine,
  segment: Segment,
  { contract, sourceFileIds: ids, arrivals }: StagingOptions,
): Promise<void> {
  const arrivalOf = (part: SegmentPart): string => arrivals?.get(part.fileIndex) ?? '';
  const isNeeded = isByArrival(contract);
  const arrived = (sql: string): string =>
    isNeeded ? `, CAST(nullif(${sql}, '') AS TIMESTAMPTZ) AS ${ARRIVAL_NAME}` : '';
  const idOf = (part: SegmentPart): string => ids.get(part.fileIndex) ?? '';
  const [only, ...more] = segment.parts;
  if (only !== undefined && more.length === 0) {
    await engine.run(
      `CREATE OR REPLACE TEMP VIEW staged AS SELECT *, ${constant(idOf(only))} AS source_file_id, position$ + ${only.firstRow - only.offset} AS source_row_number${arrived(literal(arrivalOf(only)))} FROM positioned`,
    );
    return;
  }
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE parts (first$ BIGINT, source_file_id VARCHAR, shift$ BIGINT, arrived$ VARCHAR)',
  );
  await engine.append(
    'parts',
    segment.parts.map((part) => [
      BigInt(part.offset),
      idOf(part),
      BigInt(part.firstRow - part.offset),
      arrivalOf(part),
    ]),
  );
  await engine.run(
    `CREATE OR REPLACE TEMP VIEW staged AS
     SELECT records.*, parts.source_file_id, records.position$ + parts.shift$ AS source_row_number${arrived('parts.arrived$')}
     FROM positioned AS records ASOF JOIN parts ON records.position$ >= parts.first$`,
  );
}

/**
 * Makes the table `broken` of a segment's records that can't be parsed: source_file_id, source_row_number,
 * source_line, problem, raw_text, row_hash, detail, lines.
 */
export async function stageBroken(
  engine: Engine,
  segment: Segment,
  ids: ReadonlyMap<number, string>,
): Promise<void> {
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE broken (source_file_id VARCHAR, source_row_number BIGINT, source_line BIGINT, problem VARCHAR, raw_text VARCHAR, row_hash VARCHAR, detail VARCHAR, lines BIGINT)',
  );
  await engine.append(
    'broken',
    segment.broken.map((record) => [
      ids.get(record.fileIndex) ?? '',
      BigInt(record.row),
      BigInt(record.line),
      record.problem,
      record.text,
      record.hash ?? createHash('sha256').update(record.text).digest('hex'),
      record.detail ?? '',
      BigInt(record.lines),
    ]),
  );
}
