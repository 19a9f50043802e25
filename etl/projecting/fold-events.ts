import type { ProjectionContract } from '../contract/contract.ts';
import { duckType } from '../contract/duck-type.ts';
import { type Engine, integerOf, type PlainValue } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import type { EventContract } from '../eventstore/event-order.ts';
import type { Scratch, ScratchFile } from '../ports.ts';
import { eventColumns, eventValueSql } from './event-values.ts';
import { foldError } from './fold-error.ts';
import type { FoldCode, FoldedStream, FoldWorker, StreamEvents } from './fold-runner.ts';
import { checkRows } from './row-values.ts';

/** Events that a worker is given at once. */
const BATCH = 16_384;

/** How much of the first batch is folded twice. */
const SAMPLE_STREAMS = 64;
const SAMPLE_EVENTS = 2_000;

/** What is folded: the engine has `ordered_events` (see orderEvents) and `going_on` (stream, state). */
export interface Folding {
  readonly engine: Engine;
  readonly scratch: Scratch;
  readonly contract: ProjectionContract;
  readonly source: EventContract;
  readonly code: FoldCode;
  readonly worker: FoldWorker;
}

/** Makes the table `ordered_events` of a SELECT of Silver's rows: stream$ and version$ with the values of all columns, stream by stream. */
export async function orderEvents(engine: Engine, source: EventContract, select: string): Promise<void> {
  const { stream, version, at } = source.events;
  const values = eventColumns(source).map((column, n) => `${eventValueSql(column)} AS v${n}`);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE ordered_events AS
     SELECT CAST(${identifier(stream)} AS VARCHAR) AS stream$, CAST(${identifier(version)} AS BIGINT) AS version$,
       CAST(${identifier(at)} AS TIMESTAMPTZ) AS at$, ${values.join(', ')}
     FROM (${select}) ORDER BY stream$, version$`,
  );
}

/**
 * Folds all of `ordered_events`, and makes the tables `folded` (stream, state) and `folded_rows` (stream, and the contract's
 * columns). Throws what the worker throws, and DataError `PROJECTION_BREAKS_CONTRACT` for a row that the contract
 * doesn't allow.
 */
export async function foldEvents(folding: Folding): Promise<number> {
  const { engine, scratch } = folding;
  const states = await scratch.create('states.jsonl');
  const rows = await scratch.create('rows.jsonl');
  const [counted = {}] = await engine.rows('SELECT count(*) AS n FROM ordered_events');
  const total = integerOf(counted, 'n');
  const output = new Output(folding, { states, rows });
  try {
    let next = readEvents(folding, 0);
    for (let from = 0; from < total; from += BATCH) {
      const read = await next;
      // The next events are read while these are folded.
      next = from + BATCH < total ? readEvents(folding, from + BATCH) : next;
      next.catch(() => undefined);
      await output.fold(batchOf(read, output.last));
    }
    await output.end();
  } finally {
    await states.close();
    await rows.close();
  }
  await loadFolded(folding, { states: states.path, rows: rows.path, longest: output.longest });
  return total;
}

/** Events as they are read: the stream of each, their values, and the states of streams that go on. */
interface ReadEvents {
  readonly ids: readonly PlainValue[];
  readonly columns: readonly (readonly PlainValue[])[];
  readonly states: ReadonlyMap<PlainValue, string>;
}

async function readEvents({ engine, source }: Folding, from: number): Promise<ReadEvents> {
  const range = `rowid BETWEEN ${from} AND ${from + BATCH - 1}`;
  const names = eventColumns(source).map((_, n) => `v${n}`);
  const [ids = [], ...columns] = await engine.values(
    `SELECT stream$, ${names.join(', ')} FROM ordered_events WHERE ${range} ORDER BY rowid`,
  );
  const [known = [], states = []] = await engine.values(
    `SELECT stream, state FROM going_on SEMI JOIN (SELECT DISTINCT stream$ AS stream FROM ordered_events WHERE ${range}) USING (stream)`,
  );
  return { ids, columns, states: new Map(known.map((stream, n) => [stream, String(states[n])])) };
}

/** A batch: each stream with its state; of that in which the batch before ended, what it came to there. */
function batchOf({ ids, columns, states }: ReadEvents, last: FoldedStream | undefined): StreamEvents {
  const streams: { stream: string; state?: string; events: number }[] = [];
  for (const id of ids) {
    const now = streams.at(-1);
    if (now !== undefined && now.stream === id) now.events += 1;
    else {
      const state = last?.stream === id ? last.state : states.get(id);
      streams.push({ stream: String(id), events: 1, ...(state === undefined ? {} : { state }) });
    }
  }
  return { streams, columns };
}

/** Writes what streams come to, each once all of its events are folded. */
class Output {
  /** What the last batch's last stream came to so far. */
  last: FoldedStream | undefined;
  /** UTF-16 units of the longest line. */
  longest = 0;
  readonly #folding: Folding;
  readonly #files: { readonly states: ScratchFile; readonly rows: ScratchFile };
  #isChecked = false;

  constructor(folding: Folding, files: { readonly states: ScratchFile; readonly rows: ScratchFile }) {
    this.#folding = folding;
    this.#files = files;
  }

  async fold(batch: StreamEvents): Promise<void> {
    const { worker } = this.#folding;
    if (!this.#isChecked) await worker.fold(sampleOf(batch), 'twice');
    this.#isChecked = true;
    const folded = await worker.fold(batch);
    const [first] = folded;
    const ended = this.last !== undefined && this.last.stream !== first?.stream ? [this.last] : [];
    await this.#write([...ended, ...folded.slice(0, -1)], batch);
    this.last = folded.at(-1) ?? this.last;
  }

  async end(): Promise<void> {
    if (this.last !== undefined) await this.#write([this.last], undefined);
  }

  async #write(streams: readonly FoldedStream[], batch: StreamEvents | undefined): Promise<void> {
    const { contract } = this.#folding;
    let states = '';
    let rows = '';
    for (const folded of streams) {
      const line = JSON.stringify({ stream: folded.stream, state: folded.state });
      this.longest = Math.max(this.longest, line.length);
      states += `${line}\n`;
      const checked = checkRows(contract, folded);
      if (checked.kind === 'wrong') throw this.#breaks(checked.what, folded, batch);
      for (const row of checked.rows) {
        const named = Object.fromEntries(row.map((text, n) => [`c${n}`, text]));
        const rowLine = JSON.stringify({ stream: folded.stream, ...named });
        this.longest = Math.max(this.longest, rowLine.length);
        rows += `${rowLine}\n`;
      }
    }
    await this.#files.states.write(Buffer.from(states));
    await this.#files.rows.write(Buffer.from(rows));
  }

  #breaks(what: string, { stream }: FoldedStream, batch: StreamEvents | undefined): Error {
    const place = batch?.streams.findIndex((one) => one.stream === stream) ?? -1;
    const before =
      batch?.streams.slice(0, Math.max(0, place) + 1).reduce((sum, { events }) => sum + events, 0) ?? 1;
    const known = place < 0 ? { streams: [{ stream, events: 0 }], columns: [] } : batch;
    return foldError(this.#folding.code, 'PROJECTION_BREAKS_CONTRACT', {
      what,
      batch: known,
      stream: Math.max(0, place),
      at: before - 1,
    });
  }
}

/** The first streams of a batch, with as many events as are worth folding twice. */
function sampleOf({ streams, columns }: StreamEvents): StreamEvents {
  const sample: { stream: string; state?: string; events: number }[] = [];
  let events = 0;
  for (const stream of streams.slice(0, SAMPLE_STREAMS)) {
    const own = Math.min(stream.events, SAMPLE_EVENTS - events);
    if (own > 0) sample.push({ ...stream, events: own });
    events += own;
    // The events of the next stream would not follow.
    if (own < stream.events) break;
  }
  return { streams: sample, columns: columns.map((values) => values.slice(0, events)) };
}

async function loadFolded(
  { engine, contract }: Folding,
  paths: { readonly states: string; readonly rows: string; readonly longest: number },
): Promise<void> {
  const texts = contract.columns.map((_, n) => `c${n}: 'VARCHAR'`);
  const typed = contract.columns.map(
    ({ name, type }, n) => `CAST(c${n} AS ${duckType(type)}) AS ${identifier(name)}`,
  );
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE folded AS SELECT stream, state FROM ${readJson(paths.states, ["stream: 'VARCHAR'", "state: 'VARCHAR'"], paths.longest)}`,
  );
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE folded_rows AS SELECT stream AS stream$, ${typed.join(', ')} FROM ${readJson(paths.rows, ["stream: 'VARCHAR'", ...texts], paths.longest)}`,
  );
}

/** DuckDB takes twice the size of the longest line, for each of its threads. */
const readJson = (path: string, columns: readonly string[], longest: number): string =>
  `read_json(${literal(path)}, format = 'newline_delimited', columns = {${columns.join(', ')}}, maximum_object_size = ${Math.max(1_048_576, 4 * longest)})`;
