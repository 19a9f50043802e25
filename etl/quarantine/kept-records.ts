import path from 'node:path';
import { type Engine, integerOf, openEngine, textOf } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import type { Effects, Scratch } from '../ports.ts';
import { filesOf, openTable } from '../table/lake-table.ts';
import { readPointer } from '../table/pointer.ts';
import { isNarrowed } from './choose-records.ts';
import type { Reading } from './read-records.ts';
import { type RecordMarks, recordMarks } from './record-marks.ts';
import {
  countRecords,
  FAILED,
  type FailedRecord,
  failedSql,
  findPlaces,
  findRecords,
  loadCorrectedValues,
  loadFailedRecords,
  type RecordPlace,
} from './records.ts';
import { loadRehashed } from './rehashed.ts';
import { loadCorrections } from './retry-files.ts';

/** How many records of a dataset have a state, a reason code and the column of that reason. */
export interface RecordKind {
  readonly state: FailedRecord['state'];
  readonly code: string;
  readonly column: string | null;
  readonly records: number;
}

/** The failed records of a dataset, counted. */
export interface RecordCounts {
  readonly byState: Readonly<Partial<Record<FailedRecord['state'], number>>>;
  /** A record with several reasons is in several. */
  readonly kinds: readonly RecordKind[];
}

/** Which records are read, and from where. */
export interface PageReading extends Reading {
  readonly after?: RecordPlace;
  /** Whether all that are meant are counted; so they are, unless it is false. */
  readonly isCounted?: boolean;
}

/** A page of a dataset's records, and how many there are in all, where that was asked. */
export interface RecordPage {
  readonly records: FailedRecord[];
  readonly total: number;
}

/**
 * The failed records of datasets, kept in a database from one question to the next: folding 100,000 takes seconds. A
 * dataset is folded anew when its pointer, its retries, releases or withheld files are others than they were; when only
 * corrections were added, those alone are read anew.
 */
export interface KeptRecords {
  find(dataset: string, reading: PageReading): Promise<RecordPage>;
  /**
   * Of each dataset. With `waitMs`, those are left out that can't be told in that time: they are counted meanwhile, and
   * a later question finds them.
   */
  counts(datasets: readonly string[], waitMs?: number): Promise<ReadonlyMap<string, RecordCounts>>;
  close(): Promise<void>;
}

/** Where everything is kept. */
interface Place {
  readonly scratch: Scratch;
  readonly engine: Engine;
}

interface Kept {
  readonly marks: RecordMarks;
  readonly counts: RecordCounts;
}

/** So many datasets may be folded within the time that somebody waits; nobody waits for more. */
const FEW = 10;

/** Between folds that nobody waits for, others have the processor for as long as a fold took, and no longer than this. */
const MOST_PAUSE_MS = 100;

/** Somebody looks at this dataset; somebody waits for all; or nobody waits. */
type Haste = 'urgent' | 'awaited' | 'patient';

/** A dataset that is folded, or waits for its turn. */
interface Folding {
  readonly marks: RecordMarks;
  readonly kept: Promise<Kept>;
}

const isSame = (one: RecordMarks, other: RecordMarks): boolean =>
  one.rows === other.rows && one.corrected === other.corrected;

const NO_RECORDS: RecordCounts = { byState: {}, kinds: [] };

/** SQL names of what is kept of a dataset. */
const keptTables = (dataset: string) => ({
  rows: `kept.${identifier(`${dataset} rows`)}`,
  corrected: `kept.${identifier(`${dataset} corrected`)}`,
});

/** Keeps nothing yet; the database is opened with the first question. */
export function openKeptRecords(effects: Effects): KeptRecords {
  const kept = new Map<string, Kept>();
  let opened: Promise<Place> | undefined;
  const onLane = async <T>(work: (engine: Engine) => Promise<T>): Promise<T> => {
    opened ??= openPlace(effects);
    const lane = await (await opened).engine.lane();
    try {
      return await work(lane);
    } finally {
      lane.close();
    }
  };
  /** Counts a dataset's records; with the counts of before, only corrections are read anew. */
  const count = async (dataset: string, before: RecordCounts | undefined): Promise<RecordCounts> => {
    if (before === NO_RECORDS || (before === undefined && !(await hasFailed(effects, dataset))))
      return NO_RECORDS;
    return await onLane((engine) =>
      before === undefined
        ? keepRows(engine, effects, dataset)
        : keepCorrected(engine, effects, { dataset, counts: before }),
    );
  };
  // One dataset is folded at a time: each may take all the memory there is.
  const inTurn = oneAtATime();
  const folding = new Map<string, Folding>();
  let [foldMs, isClosing] = [0, false];
  const fold = async (dataset: string, marks: RecordMarks): Promise<Kept> => {
    const before = kept.get(dataset);
    if (before !== undefined && isSame(before.marks, marks)) return before;
    const beganMs = effects.clock.now().getTime();
    kept.delete(dataset);
    const counts = await count(dataset, before?.marks.rows === marks.rows ? before.counts : undefined);
    const now = { marks, counts };
    kept.set(dataset, now);
    foldMs = effects.clock.now().getTime() - beganMs;
    return now;
  };
  const upToDate = (dataset: string, marks: RecordMarks, haste: Haste): Promise<Kept> | Kept => {
    const known = kept.get(dataset);
    if (known !== undefined && isSame(known.marks, marks)) return known;
    const begun = folding.get(dataset);
    if (haste !== 'urgent' && begun !== undefined && isSame(begun.marks, marks)) return begun.kept;
    const own: Folding = {
      marks,
      kept: inTurn(() => fold(dataset, marks), haste === 'urgent').finally(() => {
        if (folding.get(dataset) === own) folding.delete(dataset);
      }),
    };
    folding.set(dataset, own);
    if (haste === 'patient')
      void inTurn(() => after(isClosing ? 0 : Math.min(Math.max(foldMs, 0), MOST_PAUSE_MS)));
    return own.kept;
  };
  const look = async (dataset: string): Promise<RecordCounts> => {
    const marks = (await recordMarks(effects.objects, [dataset])).get(dataset);
    // Somebody looks at this one; others may be counted for the overview.
    return marks === undefined ? NO_RECORDS : (await upToDate(dataset, marks, 'urgent')).counts;
  };
  return {
    async find(dataset, { filter, ...reading }) {
      const { byState } = await look(dataset);
      const inStates = sum(reading.states.map((state) => byState[state] ?? 0));
      if (inStates === 0) return { records: [], total: 0 };
      return await onLane((engine) => findKept(engine, dataset, { filter, ...reading, inStates }));
    },
    async counts(datasets, waitMs) {
      const found = new Map<string, RecordCounts>();
      const marks = await recordMarks(effects.objects, datasets);
      const folds: Promise<void>[] = [];
      for (const [dataset, own] of marks) {
        // At once where nothing is to be folded: who waits for nothing gets all that is known.
        const told = upToDate(dataset, own, waitMs === undefined ? 'awaited' : 'patient');
        if (told instanceof Promise) folds.push(told.then(({ counts }) => void found.set(dataset, counts)));
        else found.set(dataset, told.counts);
      }
      if (waitMs === undefined) await Promise.all(folds);
      else await Promise.race([allSettled(folds), after(folds.length > FEW ? 0 : waitMs)]);
      return new Map(datasets.flatMap((dataset) => entryOf(found, dataset)));
    },
    close() {
      isClosing = true;
      return inTurn(async () => {
        const { engine, scratch } = (await opened) ?? {};
        engine?.close();
        await scratch?.dispose();
      });
    },
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((one, other) => one + other, 0);

const after = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms).unref());

/** Resolves when all have ended, even where some failed: who asks for one of those again gets its error. */
const allSettled = async (all: readonly Promise<void>[]): Promise<void> =>
  void (await Promise.allSettled(all));

function entryOf<T>(map: ReadonlyMap<string, T>, key: string): [string, T][] {
  const value = map.get(key);
  return value === undefined ? [] : [[key, value]];
}

/** Whether any record of a dataset ever failed, by what its tables consist of. */
async function hasFailed(effects: Effects, dataset: string): Promise<boolean> {
  const tables = (await readPointer(effects.objects, 'silver', dataset))?.pointer.tables ?? {};
  for (const state of [tables.quarantine, tables.condemned]) {
    if (state === undefined) continue;
    if ((await filesOf(await openTable(effects.objects, state))).length > 0) return true;
  }
  return false;
}

/** Which kept records are read, and how many there are in those states. */
interface KeptReading extends PageReading {
  readonly inStates: number;
}

/** Reads one page of one state of what is kept, whatever is kept anew meanwhile. */
async function findKept(engine: Engine, dataset: string, reading: KeptReading): Promise<RecordPage> {
  await engine.run('BEGIN TRANSACTION');
  const page = await readKept(engine, dataset, reading);
  await engine.run('COMMIT');
  return page;
}

/** Reads a page: which places it has first, by few columns, and then whole records, of these alone. */
async function readKept(
  engine: Engine,
  dataset: string,
  { filter, inStates, isCounted = true, ...reading }: KeptReading,
): Promise<RecordPage> {
  const tables = keptTables(dataset);
  const whole = `(${failedSql(tables)})`;
  if (reading.limit === undefined) {
    const records = await findRecords(engine, filter, { ...reading, from: whole });
    return { records, total: records.length };
  }
  const wanted = { ...reading, from: filter.isCorrected === undefined ? tables.rows : whole };
  const total = isCounted && isNarrowed(filter) ? await countRecords(engine, filter, wanted) : inStates;
  const places = await findPlaces(engine, filter, wanted);
  if (places.length === 0) return { records: [], total };
  const from = `(SELECT * FROM ${whole} WHERE place IN (${places.join(', ')}))`;
  return { records: await findRecords(engine, { ids: [] }, { states: reading.states, from }), total };
}

async function openPlace(effects: Effects): Promise<Place> {
  const scratch = await effects.openScratch('kept-records');
  const engine = await openEngine(effects.engine, path.join(scratch.directory, 'spill'));
  await engine.run('CREATE SCHEMA kept');
  return { scratch, engine };
}

/** Folds a dataset's records anew, and counts them. */
async function keepRows(engine: Engine, effects: Effects, dataset: string): Promise<RecordCounts> {
  const { rows } = keptTables(dataset);
  await loadFailedRecords(engine, effects, dataset);
  // Records lie in the order of lists: a page is found by the bounds of the places of its pieces.
  await engine.run(
    `CREATE OR REPLACE TABLE ${rows} AS SELECT *, row_number() OVER (ORDER BY source_file, source_row_number, row_hash) AS place
     FROM ${FAILED.rows} ORDER BY place`,
  );
  await copyCorrected(engine, dataset);
  const states = await engine.rows(`SELECT state, count(*) AS n FROM ${rows} GROUP BY state`);
  const kinds = await engine.rows(
    `SELECT state, r.code AS code, r."column" AS "column", count(DISTINCT row_hash) AS n
     FROM (SELECT row_hash, state, unnest(reasons) AS r FROM ${rows}) GROUP BY ALL ORDER BY ALL`,
  );
  return {
    byState: Object.fromEntries(states.map((row) => [textOf(row, 'state'), integerOf(row, 'n')])),
    kinds: kinds.map((row) => ({
      state: textOf(row, 'state') as FailedRecord['state'],
      code: textOf(row, 'code'),
      column: row.column === null ? null : textOf(row, 'column'),
      records: integerOf(row, 'n'),
    })),
  };
}

/** Reads what people corrected anew; states are as they were. */
async function keepCorrected(
  engine: Engine,
  effects: Effects,
  { dataset, counts }: { readonly dataset: string; readonly counts: RecordCounts },
): Promise<RecordCounts> {
  const pointer = (await readPointer(effects.objects, 'silver', dataset))?.pointer;
  await loadRehashed(engine, effects, pointer);
  await loadCorrections(engine, effects, dataset);
  await loadCorrectedValues(engine, dataset);
  await copyCorrected(engine, dataset);
  return counts;
}

function copyCorrected(engine: Engine, dataset: string): Promise<void> {
  return engine.run(
    `CREATE OR REPLACE TABLE ${keptTables(dataset).corrected} AS SELECT * FROM ${FAILED.corrected}`,
  );
}
