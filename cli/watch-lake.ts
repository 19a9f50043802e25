import { setTimeout as sleep } from 'node:timers/promises';
import { ifPresent } from '../adapters/local/file-errors.ts';
import { ingestFiles } from '../adapters/local/ingest-files.ts';
import type { IngestedSource } from '../adapters/local/ingestion.ts';
import { type Links, plainProblem, requirePlain } from '../adapters/local/plain-file.ts';
import type { SourceContract } from '../etl/contract/contract.ts';
import { loadContracts } from '../etl/contract/load-contracts.ts';
import { DataError, TransientError } from '../etl/errors.ts';
import { type Outcome, runDatasets, runnable } from '../etl/operations/run-datasets.ts';
import { usableContract } from '../etl/stages/usable-contract.ts';
import { datasetOfDrop, type FileState, fileState, settledFiles, watchDrops } from './drop-folder.ts';
import type { CommandLake } from './open-lake.ts';
import { whyOtherKind } from './other-kind.ts';
import { type WatchQueue, type Work, watchQueue } from './watch-queue.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Drops of one burst come to rest within moments of one another: waiting for the others saves runs. */
const GATHER_MS = 250;

/** Something that happened while watching. */
export type WatchEvent =
  | { readonly kind: 'ingested'; readonly dataset: string; readonly source: IngestedSource }
  | { readonly kind: 'refused'; readonly file: string; readonly error: unknown }
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  | { readonly kind: 'swept'; readonly datasets: readonly string[] }
  | { readonly kind: 'trouble'; readonly error: unknown };

/** What is watched, and how. */
export interface WatchOptions {
  /** Absolute path. */
  readonly drop: string;
  /** A file is taken once it was not written to for so long. */
  readonly settleMs: number;
  /** Whether links in the folder are taken for what they lead to. */
  readonly links: Links;
  /** Takes what is there, runs it, and ends. */
  readonly isOnce: boolean;
  readonly onEvent: (event: WatchEvent) => Promise<void>;
}

/** A watch under way. */
export interface Watch {
  /** Resolves when the watch has ended. */
  readonly ended: Promise<void>;
  /** Ends it after the run under way. */
  stop(): void;
}

/** What the parts of a watch share. */
interface Watching {
  readonly lake: CommandLake;
  readonly options: WatchOptions;
  readonly queue: WatchQueue;
  /** State of each file that was taken or refused, so that it is not taken again as it is. */
  readonly known: Map<string, string>;
}

/** Takes files as they are dropped and runs their datasets; sweeps every dataset at once and then once a day. */
export function watchLake(lake: CommandLake, options: WatchOptions): Watch {
  const watching: Watching = { lake, options, queue: watchQueue(), known: new Map() };
  return { ended: watchUntilStopped(watching), stop: () => watching.queue.close() };
}

async function watchUntilStopped(watching: Watching): Promise<void> {
  const { options, queue } = watching;
  await sweep(watching);
  if (options.isOnce) {
    await addDropped(watching);
    await workOff(watching);
    return;
  }
  const tell = (error: unknown): void => void options.onEvent({ kind: 'trouble', error });
  const looking = { ...options, exclude: watching.lake.root };
  const drops = watchDrops(options.drop, looking, {
    onFile: (file) => void addFile(watching, file).catch(tell),
    onError: tell,
  });
  const daily = setInterval(() => void sweepAgain(watching).catch(tell), DAY_MS);
  try {
    while (!queue.isClosed) {
      await workOff(watching);
      await queue.arrival();
      if (!queue.isClosed) await sleep(GATHER_MS);
    }
  } finally {
    clearInterval(daily);
    await drops.close();
  }
}

/** Asks for a run of every dataset. */
async function sweep({ lake, options, queue }: Watching): Promise<void> {
  const datasets = runnable(await loadContracts(lake.effects.contracts));
  for (const dataset of datasets) queue.addRun(dataset);
  await options.onEvent({ kind: 'swept', datasets });
}

/** The daily sweep looks at all dropped files again: a contract may have come since. */
async function sweepAgain(watching: Watching): Promise<void> {
  await addDropped(watching);
  await sweep(watching);
}

async function addDropped(watching: Watching): Promise<void> {
  const { drop, settleMs, links } = watching.options;
  const looking = { exclude: watching.lake.root, links };
  for (const file of await settledFiles(drop, looking, settleMs)) await addFile(watching, file);
}

async function addFile({ options, queue }: Watching, file: string): Promise<void> {
  try {
    const dataset = datasetOfDrop(options.drop, file);
    await ifPresent(() => requirePlain(file, { links: options.links, below: options.drop }));
    queue.addFile(dataset, file);
  } catch (error) {
    await options.onEvent({ kind: 'refused', file, error });
  }
}

async function workOff(watching: Watching): Promise<void> {
  const { queue } = watching;
  for (let work = queue.take(); work !== undefined && !queue.isClosed; work = queue.take()) {
    try {
      await handle(watching, work);
    } catch (error) {
      // Whatever it was, the next file may succeed.
      await watching.options.onEvent({ kind: 'trouble', error });
    }
  }
}

async function handle(watching: Watching, { dataset, files, isSwept }: Work): Promise<void> {
  const { lake, options, queue } = watching;
  const isWanted = files.length === 0 || (await ingestDropped(watching, dataset, files));
  if (!isWanted || queue.isClosed) return;
  // A sweep finds what somebody put into Bronze under any day.
  const look = isSwept ? 'everywhere' : 'last-days';
  for await (const outcome of runDatasets(lake, dataset, { look }))
    await options.onEvent({ kind: 'outcome', outcome });
}

/** Copies dropped files into Bronze; false where the dataset has no contract that lets it. */
async function ingestDropped(
  watching: Watching,
  dataset: string,
  files: readonly string[],
): Promise<boolean> {
  const { lake, options, known } = watching;
  let contract: SourceContract;
  try {
    contract = await usableContract(lake.effects, await loadContracts(lake.effects.contracts), dataset);
  } catch (error) {
    for (const file of files) await options.onEvent({ kind: 'refused', file, error });
    return false;
  }
  const waiting = await newStates(files, known);
  try {
    const how = { links: options.links, below: options.drop };
    for (const file of await refuseOtherKinds(waiting.keys(), contract, options)) {
      known.set(file, waiting.get(file) ?? '');
      waiting.delete(file);
    }
    const found = [...waiting.keys()].map((file) => ({ file, ...how }));
    for await (const done of ingestFiles(lake, contract, found)) {
      const { file } = done;
      const state = waiting.get(file) ?? '';
      waiting.delete(file);
      if (done.kind === 'failed') {
        await putBack(watching, { dataset, file, error: done.error });
        continue;
      }
      known.set(file, state);
      await options.onEvent({ kind: 'ingested', dataset, source: done.source });
    }
  } catch (error) {
    for (const file of waiting.keys()) await putBack(watching, { dataset, file, error });
  }
  return true;
}

/** Reports dropped files of another kind than the contract's, and returns them: Bronze keeps everything for good. */
async function refuseOtherKinds(
  files: Iterable<string>,
  contract: SourceContract,
  { onEvent, links, drop }: WatchOptions,
): Promise<string[]> {
  const others: string[] = [];
  for (const file of files) {
    // Refused links and missing files are reported when they are copied.
    const isPlain = (await plainProblem(file, { links, below: drop })) === undefined;
    const why = isPlain ? await ifPresent(() => whyOtherKind(file, contract)) : undefined;
    if (why === undefined) continue;
    const error = new DataError('OTHER_KIND', `It was left where it is: ${why}.`);
    await onEvent({ kind: 'refused', file, error });
    others.push(file);
  }
  return others;
}

/** The files that weren't taken or refused as they stand now, in the order in which they were dropped, and how they stand. */
async function newStates(
  files: readonly string[],
  known: ReadonlyMap<string, string>,
): Promise<Map<string, string>> {
  const states: (FileState & { readonly file: string })[] = [];
  for (const file of files) {
    const state = await fileState(file);
    if (state !== undefined && known.get(file) !== state.state) states.push({ file, ...state });
  }
  states.sort((a, b) => a.droppedMs - b.droppedMs || (a.file < b.file ? -1 : 1));
  return new Map(states.map(({ file, state }) => [file, state]));
}

/** A file that is still being written after all is looked at again later. */
async function putBack(
  { options, queue }: Watching,
  { dataset, file, error }: { readonly dataset: string; readonly file: string; readonly error: unknown },
): Promise<void> {
  await options.onEvent({ kind: 'refused', file, error });
  if (!(error instanceof TransientError) || options.isOnce) return;
  setTimeout(() => queue.addFile(dataset, file), options.settleMs).unref();
}
