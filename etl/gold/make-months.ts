import type { Contract, GoldContract } from '../contract/contract.ts';
import { tableColumns } from '../contract/table-columns.ts';
import { type Engine, readParquet } from '../engine/engine.ts';
import { tableName } from '../naming/datasets.ts';
import type { DatasetRun, Effects, SetEngine, SetWork } from '../ports.ts';
import type { LakeTable } from '../table/lake-table.ts';
import type { DataFile } from '../table/schema.ts';
import { hasStates } from './consent.ts';
import { filesRead, type GoldQuery } from './files-read.ts';
import { askForMonths, type GoldQuestion, goldQuestion } from './gold-on-sets.ts';
import { type MonthRange, withinInputs } from './months.ts';
import { createTableView, rebuildMonths, viewColumns } from './rebuild.ts';

/** A Silver table that a Gold table is made from, and all of its files. */
export interface MadeFrom {
  readonly dataset: string;
  readonly table: LakeTable;
  readonly files: readonly DataFile[];
}

/** Who may be asked in DuckDB's place: from what size on, for which refresh, about which snapshots of the inputs. */
export interface AskedSets {
  readonly work: SetWork;
  readonly run: DatasetRun;
  readonly snapshots: ReadonlyMap<string, number>;
}

/** How months were made. */
export interface MadeMonths {
  /** Bytes of files that were read, as far as that is known. */
  readonly readBytes: number;
  /** Who computed them, where it was not DuckDB. */
  readonly by?: SetEngine['name'];
}

/** Months of a Gold table that are to be made. */
export interface MonthsWork extends GoldQuery {
  readonly effects: Pick<Effects, 'data'>;
  readonly engine: Engine;
  readonly contract: GoldContract;
  /** By which the inputs are read. */
  readonly contracts: ReadonlyMap<string, Contract>;
  readonly inputs: readonly MadeFrom[];
  /** Of a table that carries: its files of the month before. */
  readonly carried: readonly DataFile[];
  /** Absent: DuckDB alone makes them. */
  readonly sets?: AskedSets;
}

/**
 * Makes the table `rebuilt` as `rebuildMonths` does, for the months that lie within those of its inputs, from the files that the SQL leaves for its months. Where there is a set
 * engine, these are as large as it is for and the SQL is portable, that computes them; else DuckDB. A table that carries
 * is made one month after the other, and copies of files that the next month doesn't read are freed.
 */
export async function makeMonths(asked: MonthsWork): Promise<MadeMonths> {
  const months = asked.inputs.flatMap(({ files }) => files.flatMap(({ month }) => month ?? []));
  const work = { ...asked, ranges: withinInputs(asked.ranges, months) };
  const { engine, contract, sql, ranges } = work;
  if (contract.carry === true) return { readBytes: bytesOf(await makeCarried(work)) };
  const read = await inputFiles(work, ranges);
  const question = await questionOf(work, bytesOf([...read.values()].flat()));
  if (question !== undefined) {
    let readBytes = 0;
    const answer = async (range: MonthRange): Promise<string> => {
      const asked = await askForMonths(question, range);
      readBytes += asked.readBytes;
      return asked.from;
    };
    await rebuildMonths(engine, contract, { sql, ranges, answer });
    return { readBytes, by: question.sets.name };
  }
  await createInputViews(work, read);
  await rebuildMonths(engine, contract, { sql, ranges });
  return { readBytes: bytesOf([...read.values()].flat()) };
}

const bytesOf = (files: readonly DataFile[]): number =>
  files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

/** What to ask a set engine; undefined where DuckDB makes the months. */
async function questionOf(work: MonthsWork, bytes: number): Promise<GoldQuestion | undefined> {
  const { effects, engine, contract, contracts, sql, sets } = work;
  if (sets === undefined) return undefined;
  const inputs = work.inputs.map(({ dataset, table }) => ({
    ...{ dataset, table },
    snapshotId: sets.snapshots.get(dataset) ?? 0,
  }));
  const question = { effects, engine, contract, contracts, sql, inputs, run: sets.run };
  return await goldQuestion({ ...question, work: sets.work }, bytes);
}

/** Makes the months of a table that carries; returns the files that were read. */
async function makeCarried(work: MonthsWork): Promise<DataFile[]> {
  const { effects, engine, contract, sql, ranges, carried } = work;
  const read = new Map<string, DataFile>(carried.map((file) => [file.key, file]));
  let held: ReadonlyMap<string, DataFile> = new Map();
  const prepare = async (range: MonthRange): Promise<void> => {
    const files = await inputFiles(work, [range]);
    await createInputViews(work, files);
    const next = new Map([...files.values()].flat().map((file) => [file.key, file]));
    for (const [key, file] of next) read.set(key, file);
    await release(
      effects,
      [...held.keys()].filter((key) => !next.has(key)),
    );
    held = next;
  };
  const paths = await pathsOf(effects, carried);
  const rows = paths.length === 0 ? {} : { carried: `FROM ${readParquet(paths)}` };
  await rebuildMonths(engine, contract, { sql, ranges, ...rows, prepare });
  return [...read.values()];
}

/** The files of each input that the SQL reads for some months. */
async function inputFiles(
  { engine, contract, sql, inputs }: MonthsWork,
  ranges: readonly MonthRange[],
): Promise<ReadonlyMap<string, readonly DataFile[]>> {
  const read = new Map<string, readonly DataFile[]>();
  for (const { dataset, table, files } of inputs) {
    const name = tableName('silver', dataset);
    const isWhole = hasStates(contract, dataset);
    read.set(dataset, isWhole ? files : await filesRead(engine, { sql, ranges }, { name, table, files }));
  }
  return read;
}

/** Makes files of the inputs readable. */
async function createInputViews(
  { effects, engine, contracts }: MonthsWork,
  read: ReadonlyMap<string, readonly DataFile[]>,
): Promise<void> {
  for (const [dataset, files] of read) {
    const source = contracts.get(dataset);
    const columns = source === undefined ? [] : viewColumns(tableColumns(source));
    await createTableView(engine, tableName('silver', dataset), columns, await pathsOf(effects, files));
  }
}

function pathsOf({ data }: Pick<Effects, 'data'>, files: readonly DataFile[]): Promise<string[]> {
  return Promise.all(files.map(({ key }) => data.localPath(key)));
}

async function release({ data }: Pick<Effects, 'data'>, keys: readonly string[]): Promise<void> {
  if (data.releasePath === undefined) return;
  for (const key of keys) await data.releasePath(await data.localPath(key));
}
