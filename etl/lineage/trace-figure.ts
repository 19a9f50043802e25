import { join } from 'node:path';
import type { Contract, GoldContract, ProjectionContract, SourceContract } from '../contract/contract.ts';
import { type LoadedContracts, requireSourceContract } from '../contract/load-contracts.ts';
import { type Engine, integerOf, type SqlRow, type SqlValue, textOf, withEngine } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { ConfigError } from '../errors.ts';
import { tableName } from '../naming/datasets.ts';
import type { Effects, Scratch } from '../ports.ts';
import { loadRetryTables } from '../quarantine/retry-files.ts';
import type { AsOf } from '../query/as-of.ts';
import { seenReport } from '../query/gold-report.ts';
import { createLakeViews } from '../query/lake-views.ts';
import { ownAsOf } from '../query/own-as-of.ts';
import { loadRepeatSpans } from '../repeats/load-repeats.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import { closedMonths } from '../table/closings.ts';
import { fromPlaces, PLACE_COLUMNS } from './traced-places.ts';
import { linesOf, type TracedRecord, tracedRecord } from './traced-record.ts';
import { type FileSums, sumsByFile, sumsOf } from './traced-sums.ts';

/** The Silver rows of one dataset that a figure can be made from. */
export interface TracedInput {
  readonly dataset: string;
  readonly snapshotId: number;
  readonly rows: number;
  /** Their sums, by measure. */
  readonly measures: Readonly<Record<string, string>>;
  /** The same for each file that they came in, by its key. */
  readonly files: readonly FileSums[];
  readonly records: readonly TracedRecord[];
}

/** A figure and what it was made from. */
export interface Trace {
  /** The row of Gold or of a projection; null where a Silver row was asked for. */
  readonly figure: Readonly<Record<string, SqlValue>> | null;
  /** The closing of its month, where that is closed. */
  readonly closing: { readonly id: string; readonly at: string; readonly by: string } | null;
  readonly inputs: readonly TracedInput[];
}

/** What is to be traced: a row of a table by values of its columns, or a record of a source file by its number in it. */
export interface TraceRequest {
  readonly contract: Contract;
  readonly values: Readonly<Record<string, string>>;
  /** Part of the file's key, and the record's number. */
  readonly record?: { readonly file: string; readonly row: number } | undefined;
  /** Of when the Gold row is; now unless said, and always for a projection's. */
  readonly asOf?: AsOf | undefined;
  readonly mostRecords: number;
  /** Records of each input that are passed over, in the order of files and numbers. */
  readonly skipped?: number | undefined;
}

/**
 * Follows a Gold row to the Silver rows of its month (or up to it, where the table is made so) with the same values in
 * the columns that both have, a projection's row to the events of its stream, or takes Silver rows themselves; and each of those to its line in the file that the source
 * dropped. Throws ConfigError `NO_ROW` where there is no such row, and `SEVERAL_ROWS` where several rows are meant.
 */
export async function traceFigure(
  effects: Effects,
  loaded: LoadedContracts,
  { contract, values, record, asOf = NOW, mostRecords, skipped = 0 }: TraceRequest,
): Promise<Trace> {
  const scratch = await effects.openScratch('lineage');
  try {
    return await withEngine(effects.engine, join(scratch.directory, 'spill'), async (engine) => {
      const tracing: Tracing = { engine, effects, scratch, mostRecords, skipped };
      const table = tableName(contract.layer, contract.dataset);
      if (contract.layer === 'silver') {
        const pointer = (await readKnownPointer(effects.objects, 'silver', contract.dataset))?.pointer;
        if (pointer === undefined) throw noRow(table);
        await createLakeViews(engine, effects, table, { kind: 'now' });
        await loadRepeats(engine, effects, contract);
        const conditions =
          record === undefined
            ? conditionsOf(contract, values)
            : [await placeOfRecord(engine, contract.dataset, record)];
        const wanted = { conditions, snapshotId: pointer.snapshot_id, hasRepeats: true };
        const input = await traceInput(tracing, contract, wanted);
        if (input.rows === 0) throw noRow(table);
        return { figure: null, closing: null, inputs: [input] };
      }
      if (record !== undefined)
        throw new ConfigError(
          'NO_ROW',
          `${table} is made of ${contract.inputs.join(', ')}: ask ${contract.inputs.length === 1 ? 'that' : 'one of them'} for a record of a file.`,
        );
      const own = contract.layer === 'gold' ? await ownAsOf(effects, contract, asOf) : NOW;
      await createLakeViews(engine, effects, table, own, { dataset: contract.dataset });
      const [figure, ...more] = await engine.rows(
        `SELECT * FROM ${table} WHERE ${conditionsOf(contract, values).join(' AND ')} LIMIT 2`,
      );
      if (figure === undefined) throw noRow(table);
      if (more.length > 0)
        throw new ConfigError(
          'SEVERAL_ROWS',
          `Several rows of ${table} match: give all of ${contract.key.join(', ')}.`,
        );
      const { closing, madeFrom } = await originOf(effects, contract, { figure, asOf });
      const inputs: TracedInput[] = [];
      for (const input of contract.inputs) {
        const source = requireSourceContract(loaded, input);
        const conditions = inputConditions(contract, source, figure);
        const wanted = { conditions, snapshotId: madeFrom[input] ?? 0, hasRepeats: false };
        inputs.push(await traceInput(tracing, source, wanted));
      }
      return { figure, closing, inputs };
    });
  } finally {
    await scratch.dispose();
  }
}

const NOW: AsOf = { kind: 'now' };

/** A table that is made of others. */
type MadeContract = GoldContract | ProjectionContract;

/** The snapshots that a figure was made from: those of the closing, where its month is closed. */
async function originOf(
  effects: Effects,
  contract: MadeContract,
  { figure, asOf }: { readonly figure: SqlRow; readonly asOf: AsOf },
): Promise<Pick<Trace, 'closing'> & { readonly madeFrom: Readonly<Record<string, number>> }> {
  const { dataset, partitionColumn } = contract;
  if (contract.layer === 'projection') {
    const pointer = (await readKnownPointer(effects.objects, 'projection', dataset))?.pointer;
    return { closing: null, madeFrom: pointer?.inputs ?? {} };
  }
  if (asOf.kind !== 'now') return { closing: null, madeFrom: await madeFromThen(effects, contract, asOf) };
  const pointer = (await readKnownPointer(effects.objects, 'gold', dataset))?.pointer;
  const month = textOf(figure, partitionColumn).slice(0, 7);
  const closed = closedMonths(pointer ?? {}).find((one) => one.month === month);
  if (closed === undefined) return { closing: null, madeFrom: pointer?.inputs ?? {} };
  const { id, at, by, inputs } = closed;
  return { closing: { id, at, by }, madeFrom: inputs };
}

async function madeFromThen(
  effects: Effects,
  contract: GoldContract,
  asOf: AsOf,
): Promise<Readonly<Record<string, number>>> {
  const seen = await seenReport(effects, contract, asOf);
  return Object.fromEntries((seen?.madeFrom ?? []).map((one) => [one.dataset, one.snapshotId]));
}

interface Tracing {
  readonly engine: Engine;
  readonly effects: Effects;
  readonly scratch: Scratch;
  readonly mostRecords: number;
  readonly skipped: number;
}

function conditionsOf({ dataset, columns }: Contract, values: TraceRequest['values']): string[] {
  const conditions = Object.entries(values).map(([name, value]) => {
    if (!columns.some((column) => column.name === name))
      throw new ConfigError(
        'NO_COLUMN',
        `${dataset} has no column '${name}': it has ${columns.map((one) => one.name).join(', ')}.`,
      );
    return `CAST(${identifier(name)} AS VARCHAR) = ${literal(value)}`;
  });
  return conditions.length === 0 ? ['true'] : conditions;
}

/**
 * Which rows of an input a Gold row can be made from: those of its month, alike in what both tables have; a projection's row
 * is folded from the events of its stream.
 */
function inputConditions(gold: MadeContract, source: SourceContract, figure: SqlRow): string[] {
  if (gold.layer === 'projection') {
    const [own = ''] = gold.key;
    const stream = source.events?.stream ?? own;
    return [`CAST(${identifier(stream)} AS VARCHAR) = ${literal(String(figure[own]))}`];
  }
  const month = textOf(figure, gold.partitionColumn).slice(0, 7);
  const own = `strftime(${identifier(source.partitionColumn)}, '%Y-%m')`;
  const shared = gold.key.filter(
    (name) => name !== gold.partitionColumn && source.columns.some((column) => column.name === name),
  );
  return [
    `${own} ${gold.affects === 'same-month' ? '=' : '<='} ${literal(month)}`,
    ...shared.map((name) => {
      const value = figure[name];
      return value === null || value === undefined
        ? `${identifier(name)} IS NULL`
        : `CAST(${identifier(name)} AS VARCHAR) = ${literal(String(value))}`;
    }),
  ];
}

/** Which rows of a Silver snapshot are meant. */
interface Wanted {
  readonly conditions: readonly string[];
  readonly snapshotId: number;
  /** Whether the repeats are loaded: today's, where rows of today are asked for. */
  readonly hasRepeats: boolean;
}

async function traceInput(tracing: Tracing, contract: SourceContract, wanted: Wanted): Promise<TracedInput> {
  const { engine } = tracing;
  await makeTraced(tracing, contract, wanted);
  const [total = {}] = await engine.rows('SELECT count(*) AS rows$ FROM traced');
  const measures = await sumsOf(engine, contract);
  const files = await sumsByFile(engine, contract);
  const records = await tracedRecords(tracing, contract);
  return {
    dataset: contract.dataset,
    snapshotId: wanted.snapshotId,
    rows: integerOf(total, 'rows$'),
    measures,
    files,
    records: records.map(({ record }) => record),
  };
}

/** Where rows of a Silver snapshot came from: by the file and the number that they have in Silver, joined by a space. */
export async function traceRows(
  engine: Engine,
  effects: Effects,
  { contract, snapshotId, places }: PlacedRows,
): Promise<ReadonlyMap<string, TracedRecord>> {
  if (places.length === 0) return new Map();
  const list = places.map(({ fileId, row }) => `(${literal(fileId)}, CAST(${literal(row)} AS BIGINT))`);
  const conditions = [`(source_file_id, source_row_number) IN (${list.join(', ')})`];
  const scratch = await effects.openScratch('lineage');
  try {
    const tracing: Tracing = { engine, effects, scratch, mostRecords: places.length, skipped: 0 };
    await makeTraced(tracing, contract, { conditions, snapshotId, hasRepeats: false });
    const records = await tracedRecords(tracing, contract);
    return new Map(records.map(({ place, record }) => [place, record]));
  } finally {
    await scratch.dispose();
  }
}

/** Rows of a Silver snapshot by their place. */
export interface PlacedRows {
  readonly contract: SourceContract;
  readonly snapshotId: number;
  readonly places: readonly { readonly fileId: string; readonly row: string }[];
}

/** Makes the table `traced` of the rows that are meant, and what leads from them to their files. */
async function makeTraced(
  { engine, effects }: Tracing,
  contract: SourceContract,
  { conditions, snapshotId, hasRepeats }: Wanted,
): Promise<void> {
  const { dataset } = contract;
  const table = tableName('silver', dataset);
  // What the figure was made from, and not what was published since.
  const asOf: AsOf = { kind: 'snapshot', id: snapshotId };
  await createLakeViews(engine, effects, table, asOf, { dataset });
  await loadRetryTables(engine, effects, dataset);
  if (!hasRepeats) await loadRepeats(engine, effects, contract);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE traced AS SELECT * FROM ${table} WHERE ${conditions.join(' AND ')}`,
  );
}

/** The records of `traced`, each with its place in Silver. */
async function tracedRecords(
  { engine, effects, scratch, mostRecords, skipped }: Tracing,
  contract: SourceContract,
): Promise<readonly { readonly place: string; readonly record: TracedRecord }[]> {
  const { dataset } = contract;
  const values = contract.columns.map(
    ({ name }) => `${literal(name)}, CAST(traced.${identifier(name)} AS VARCHAR)`,
  );
  const rows = await engine.rows(
    `SELECT CAST(json_object(${values.join(', ')}) AS VARCHAR) AS "values", ${PLACE_COLUMNS}
     ${fromPlaces(dataset)} ORDER BY file, n LIMIT ${mostRecords} OFFSET ${skipped}`,
  );
  const lines = await linesOf(rows, { objects: effects.objects, data: effects.data, scratch, contract });
  return rows.map((row) => ({ place: textOf(row, 'place'), record: tracedRecord(row, lines) }));
}

/** Makes the tables `repeat_spans` and `repeat_files` as the ledger has them that the views show now. */
async function loadRepeats(engine: Engine, { data }: Effects, { dataset }: SourceContract): Promise<void> {
  const ledger = `SELECT * FROM ${tableName('source_files', dataset)}`;
  await loadRepeatSpans(engine, { data, dataset, ledger });
  await engine.run(`CREATE OR REPLACE TEMP TABLE repeat_files AS ${fileNamesSql(dataset)}`);
}

const fileNamesSql = (dataset: string): string =>
  `SELECT source_file_id, min(source_file) AS source_file FROM ${tableName('source_files', dataset)} WHERE status = 'accepted' GROUP BY source_file_id`;

/**
 * The condition on Silver's rows for a record of a source file, or for its twin where it is a repeat. Throws ConfigError
 * `NO_FILE` where no file, or several, are meant, and `NO_ROW` where the record isn't in Silver.
 */
async function placeOfRecord(
  engine: Engine,
  dataset: string,
  { file, row }: NonNullable<TraceRequest['record']>,
): Promise<string> {
  const files = await engine.rows(
    `SELECT * FROM (${fileNamesSql(dataset)}) WHERE ends_with(source_file, ${literal(file)}) ORDER BY source_file LIMIT 2`,
  );
  const [only, ...more] = files;
  if (only === undefined || more.length > 0)
    throw new ConfigError(
      'NO_FILE',
      `${files.length === 0 ? 'No file' : 'More than one file'} of ${dataset} that was published ends in '${file}': 'assay query "FROM ops.source_files"' shows their keys.`,
    );
  const id = textOf(only, 'source_file_id');
  const [twin] = await engine.rows(
    `SELECT twin_file_id AS id, CAST(twin_first_row_number + ${row} - first_row_number AS BIGINT) AS n FROM repeat_spans
     WHERE source_file_id = ${literal(id)} AND ${row} BETWEEN first_row_number AND last_row_number`,
  );
  const place = twin === undefined ? { id, n: row } : { id: textOf(twin, 'id'), n: integerOf(twin, 'n') };
  return `source_file_id = ${literal(place.id)} AND source_row_number = ${place.n}`;
}

function noRow(table: string): ConfigError {
  return new ConfigError(
    'NO_ROW',
    `${table} has no row with these values: 'assay query "FROM ${table}"' shows those there are.`,
  );
}
