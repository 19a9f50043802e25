import { compileStage } from '../contract/compile-record.ts';
import type { SourceContract } from '../contract/contract.ts';
import type { Segment } from '../csv/segments.ts';
import { type Engine, integerOf } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { ConfigError, DataError } from '../errors.ts';

/** What staging a segment needs beside it. */
export interface StagingOptions {
  readonly contract: SourceContract;
  readonly digestKey: string;
  readonly keepRecords: 'failed' | 'all';
  /** source_file_id by file index. */
  readonly sourceFileIds: ReadonlyMap<number, string>;
}

/**
 * Reads a segment into two temporary tables: `staged`, one row a record with its place in the source
 * (source_file_id, source_row_number) besides what compileStage gives, and `broken`, the records that can't be parsed
 * (file, row, line, problem, text), which in `staged` are blank.
 */
export async function stageSegment(engine: Engine, segment: Segment, options: StagingOptions): Promise<void> {
  const { contract, digestKey, keepRecords } = options;
  const select = compileStage({
    contract,
    layout: segment.layout,
    source: readCsv(segment, contract),
    hasEdgeBlanks: segment.hasEdgeBlanks,
    digestKey,
    keepRecords,
  });
  await refuseReordering(engine, select);
  await engine.run(`CREATE OR REPLACE TEMP TABLE staged_records AS ${select}`);
  const [row = {}] = await engine.rows(
    'SELECT count(*) AS n, coalesce(max(rowid), -1) AS last FROM staged_records',
  );
  if (integerOf(row, 'n') !== segment.rows || integerOf(row, 'last') !== segment.rows - 1) {
    const context = { scanned: segment.rows, parsed: integerOf(row, 'n') };
    throw new DataError(
      'RECORD_COUNT',
      'DuckDB and the scanner count different records; nothing was published.',
      { context },
    );
  }
  await engine.run(`CREATE OR REPLACE TEMP VIEW staged AS ${placedSql(segment, options.sourceFileIds)}`);
  await stageBroken(engine, segment, options.sourceFileIds);
}

/** DuckDB's reader, told everything: nothing about a segment is guessed. */
function readCsv(segment: Segment, { csv: dialect, limits }: SourceContract): string {
  const longest = Math.max(limits.maxRecordBytes, segment.longestDecodedBytes);
  const columns = Array.from({ length: segment.layout.fields }, (_, field) => `'c${field}': 'VARCHAR'`);
  const options = [
    literal(segment.path),
    'auto_detect = false',
    'header = false',
    `delim = ${literal(dialect.delimiter)}`,
    `quote = ${literal(dialect.quote)}`,
    `escape = ${literal(dialect.escape)}`,
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
 * DuckDB keeps the records' order as long as the plan only projects; a join (it makes one of a long IN list, say)
 * gives them back in any order, and rowid would then name other records. Such a plan is refused.
 */
async function refuseReordering(engine: Engine, select: string): Promise<void> {
  const [row = {}] = await engine.rows(`EXPLAIN CREATE OR REPLACE TEMP TABLE staged_records AS ${select}`);
  const operators = String(row.explain_value).match(/[A-Z_]{5,}/g) ?? [];
  const other = operators.find((name) => /JOIN|AGGREGATE|GROUP_BY|ORDER|WINDOW/.test(name));
  if (other === undefined) return;
  throw new ConfigError(
    'RULE_REORDERS',
    `A rule of the contract makes DuckDB plan a ${other}, which loses the records' order: write IN (…) as list_contains([…], column), and use no subquery.`,
  );
}

/** Rows of `staged_records` lie in the order of the segment, so that rowid says which record each is. */
function placedSql(segment: Segment, ids: ReadonlyMap<number, string>): string {
  const [only, ...more] = segment.parts;
  if (only !== undefined && more.length === 0) {
    return `SELECT *, rowid AS position, ${literal(ids.get(only.fileIndex) ?? '')} AS source_file_id, rowid + ${only.firstRow - only.offset} AS source_row_number FROM staged_records`;
  }
  const values = segment.parts.map(
    (part) => `(${part.offset}, ${literal(ids.get(part.fileIndex) ?? '')}, ${part.firstRow - part.offset})`,
  );
  return [
    'SELECT records.*, records.rowid AS position, parts.source_file_id, records.rowid + parts.shift AS source_row_number',
    'FROM staged_records AS records',
    `ASOF JOIN (VALUES ${values.join(', ')}) AS parts(first, source_file_id, shift) ON records.rowid >= parts.first`,
  ].join(' ');
}

async function stageBroken(
  engine: Engine,
  segment: Segment,
  ids: ReadonlyMap<number, string>,
): Promise<void> {
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE broken (source_file_id VARCHAR, source_row_number BIGINT, source_line BIGINT, problem VARCHAR, raw_text VARCHAR)',
  );
  await engine.append(
    'broken',
    segment.broken.map((record) => [
      ids.get(record.fileIndex) ?? '',
      BigInt(record.row),
      BigInt(record.line),
      record.problem,
      record.text,
    ]),
  );
}
