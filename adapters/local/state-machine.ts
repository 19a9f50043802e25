import { z } from 'zod';
import { messageOf, nameOf } from '../../etl/errors.ts';
import type { StageName } from '../../etl/stages/handlers.ts';
import { interpret } from './interpreter.ts';
import { type LocalMachine, localDefinition } from './local-definition.ts';
import { mapItems } from './map-items.ts';
import { asJson, type StageCalls, type StageHandlers, StateError, stageCalls } from './stage-calls.ts';

/** What an execution is run with. */
export interface Execution {
  /** Amazon States Language text with `${…}` substitutions, as state-machines/ holds it. */
  readonly definitionText: string;
  /** A function for each task, by the name in its `${<Name>Arn}`. */
  readonly handlers: StageHandlers;
  /** Reads the list of items that an ItemReader names by key. */
  readonly readItems: (key: string) => Promise<readonly unknown[]>;
  readonly input: { readonly dataset: string; readonly runId: string; readonly start: string };
  /** How many Map items run at once; 1 unless said, because one chunk keeps every core busy. */
  readonly concurrency?: number;
  /** Stops the execution: what is running ends, nothing more begins, and no failure is recorded. */
  readonly signal?: AbortSignal;
  /** Gets each stage's error in full; the execution keeps only what may be stored. */
  readonly onError?: (error: unknown) => void;
}

/** How an execution ended. */
export type ExecutionResult =
  | { readonly status: 'succeeded'; readonly output: unknown }
  | { readonly status: 'failed'; readonly error: string; readonly cause: string };

/**
 * Runs the state machine in this process: the same file as on AWS, with the stages as its tasks, and with real
 * waits between retries. Returns when it has ended and no stage is running any more. A stage's error is known
 * by its name; one stopped by the signal ends as 'ExecutionAborted'.
 */
export async function runStateMachine(execution: Execution): Promise<ExecutionResult> {
  const known = Object.keys(execution.handlers) as StageName[];
  const machine = localDefinition(execution.definitionText, known);
  const calls = stageCalls(execution.handlers, execution.onError);
  const signal = execution.signal ?? new AbortController().signal;
  const { runId } = execution.input;
  const context = { Execution: { Id: runId, Name: runId } };
  try {
    const input = asJson(execution.input);
    const output = await interpretLocal(machine, { execution, calls, input, context, signal });
    return { status: 'succeeded', output };
  } catch (error) {
    const name = nameOf(error);
    if (name === 'ExecutionAbortedError') {
      return { status: 'failed', error: 'ExecutionAborted', cause: 'Stopped on request.' };
    }
    return { status: 'failed', error: name, cause: messageOf(error) };
  } finally {
    await calls.idle();
  }
}

/** What all machines of an execution share, and what is one machine's own. */
interface LocalRun {
  readonly execution: Execution;
  readonly calls: StageCalls;
  readonly input: unknown;
  readonly context: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

function interpretLocal(machine: LocalMachine, run: LocalRun): Promise<unknown> {
  const stages = [...machine.stages].map(([state, stage]) => [
    state,
    (input: unknown) => run.calls.call(stage, input, run.signal),
  ]);
  const maps = [...machine.maps].map(([state, items]) => [
    state,
    (input: unknown) => runMap(items, MapTaskInput.parse(input), run),
  ]);
  const { input, context, signal } = run;
  const tasks = Object.fromEntries([...stages, ...maps]);
  return interpret({ definition: machine.definition, input, context, tasks, signal });
}

const MapTaskInput = z.object({ key: z.string(), state: z.unknown() });

/** Runs every item of a distributed Map through the Map's own machine. */
async function runMap(
  machine: LocalMachine,
  { key, state }: z.infer<typeof MapTaskInput>,
  run: LocalRun,
): Promise<unknown[]> {
  const { concurrency = 1, readItems } = run.execution;
  const items = await itemsAt(key, readItems);
  const runItem = (item: unknown, index: number, signal: AbortSignal): Promise<unknown> => {
    const context = { ...run.context, Map: { Item: { Index: index, Value: item } } };
    return interpretLocal(machine, { ...run, input: state, context, signal });
  };
  try {
    return await mapItems({ items, concurrency, signal: run.signal, runItem });
  } finally {
    // What was running beside an item that failed is still writing; the failure is recorded after it.
    await run.calls.idle();
  }
}

async function itemsAt(key: string, readItems: Execution['readItems']): Promise<readonly unknown[]> {
  try {
    return z.array(z.unknown()).parse(asJson(await readItems(key)));
  } catch (error) {
    throw new StateError('States.ItemReaderFailed', `Can't read the items in ${key}: ${messageOf(error)}`);
  }
}
