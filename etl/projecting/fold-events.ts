import type { ProjectionContract } from '../contract/contract.ts';
import { duckType } from '../contract/duck-type.ts';
import { type Engine, integerOf } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import type { EventContract } from '../eventstore/event-order.ts';
import type { Scratch, ScratchFile } from '../ports.ts';
import { type FoldedBatch, foldBatches } from './fold-batches.ts';
import { foldError } from './fold-error.ts';
import type { FoldCode, FoldedStream, FoldWorker, StreamEvents } from './fold-runner.ts';
import { checkRows } from './row-values.ts';

/** What is folded: the engine has `ordered_events` (see orderEvents) and `going_on` (stream, state). */
export interface Folding {
  readonly engine: Engine;
  readonly scratch: Scratch;
  readonly contract: ProjectionContract;
  readonly source: EventContract;
  readonly code: FoldCode;
  readonly worker: FoldWorker;
}

/**
 * Folds all of `ordered_events`, and makes the tables `folded` (stream, state) and `folded_rows` (stream, and the contract's
 * columns). Throws what the worker throws, and DataError `PROJECTION_BREAKS_CONTRACT` for a row that the contract
 * doesn't allow.
 */
export async function foldEvents(folding: Folding): Promise<void> {
  const { engine, scratch } = folding;
  const states = await scratch.create('states.jsonl');
  const rows = await scratch.create('rows.jsonl');
  const [going = {}] = await engine.rows('SELECT count(*) AS n FROM going_on');
  const output = new Output(folding, { states, rows });
  try {
    for await (const folded of foldBatches({ ...folding, goesOn: integerOf(going, 'n') > 0 }))
      await output.write(folded);
  } finally {
    await states.close();
    await rows.close();
  }
  await loadFolded(folding, { states: states.path, rows: rows.path, longest: output.longest });
}

/** Writes what streams come to. */
class Output {
  /** UTF-16 units of the longest line. */
  longest = 0;
  readonly #folding: Folding;
  readonly #files: { readonly states: ScratchFile; readonly rows: ScratchFile };

  constructor(folding: Folding, files: { readonly states: ScratchFile; readonly rows: ScratchFile }) {
    this.#folding = folding;
    this.#files = files;
  }

  async write({ streams, batch }: FoldedBatch): Promise<void> {
    const { contract, code } = this.#folding;
    const told = (name: string): string => code.tell?.(name, 'name') ?? name;
    let states = '';
    let rows = '';
    for (const folded of streams) {
      // Objects for JSON.stringify would take half as long again.
      const stream = `{"stream":${JSON.stringify(folded.stream)}`;
      states += this.#line(`${stream},"state":${JSON.stringify(folded.state)}`);
      const checked = checkRows(contract, folded, told);
      if (checked.kind === 'wrong') throw this.#breaks(checked.what, folded, batch);
      for (const row of checked.rows) {
        let line = stream;
        for (const [n, text] of row.entries()) line += `,"c${n}":${JSON.stringify(text)}`;
        rows += this.#line(line);
      }
    }
    await this.#files.states.write(Buffer.from(states));
    await this.#files.rows.write(Buffer.from(rows));
  }

  #line(json: string): string {
    this.longest = Math.max(this.longest, json.length + 1);
    return `${json}}\n`;
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
