import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { StageHandlers } from '../../adapters/local/stage-calls.ts';
import { type ExecutionResult, runStateMachine } from '../../adapters/local/state-machine.ts';
import { TOLD } from '../../etl/ports.ts';
import type { StageName } from '../../etl/stages/handlers.ts';

/** The state machine as it is deployed. */
export const definitionText = await readFile(
  path.join(import.meta.dirname, '../../state-machines/medallion.asl.json'),
  'utf8',
);

/** The same with waits and retries that take no time. */
export const quickDefinition = definitionText
  .replaceAll(/"IntervalSeconds": \d+/g, '"IntervalSeconds": 0')
  .replace('States.MathRandom(1, 4)', 'States.MathRandom(0, 0)');

/** An error as the stages throw it: only its name matters to the machine. */
export function failure(name: string, message = `a ${name}`): Error {
  return Object.assign(new Error(message), { name });
}

/** What record-failure says of having told people. */
export const TOLD_OF = `${TOLD}it failed`;

type Step = unknown | Error | ((input: unknown) => unknown);

/** What each stage answers: always the same, or one after another where it is a list; an Error is thrown. */
export type Answers = Partial<Record<StageName, Step | Step[]>>;

/** What happened in one execution. */
export interface Trace {
  readonly result: ExecutionResult;
  /** Stages in the order in which they were called. */
  readonly order: StageName[];
  readonly inputs: Partial<Record<StageName, unknown[]>>;
}

const DEFAULTS: Readonly<Record<StageName, unknown>> = {
  plan: { status: 'planned', itemsKey: 'ops/chunks.json', surveysKey: 'ops/surveys.json', surveys: 0 },
  survey: {},
  align: {},
  refine: { records: 1 },
  seal: { digest: 'abc' },
  rewrite: {},
  gate: { decision: 'promote', why: [] },
  hold: { status: 'held' },
  promote: { version: 1 },
  refreshGold: { refreshed: [] },
  sweep: { pending: false },
  recordFailure: { status: 'failed', told: TOLD_OF },
  noteFailure: {},
};

/** How an execution differs from the plainest one. */
export interface TraceOptions {
  readonly start?: 'plan' | 'promote' | 'reseal';
  readonly approved?: unknown;
  readonly items?: readonly unknown[] | Error;
  readonly concurrency?: number;
  readonly definition?: string;
  readonly signal?: AbortSignal;
}

/** Runs the machine with stages that answer like this. */
export async function trace(answers: Answers = {}, options: TraceOptions = {}): Promise<Trace> {
  const order: StageName[] = [];
  const inputs: Partial<Record<StageName, unknown[]>> = {};
  const answer = async (stage: StageName, input: unknown): Promise<unknown> => {
    order.push(stage);
    const earlier = inputs[stage] ?? [];
    inputs[stage] = [...earlier, input];
    const given = stage in answers ? answers[stage] : DEFAULTS[stage];
    const step: unknown = Array.isArray(given) ? given[Math.min(earlier.length, given.length - 1)] : given;
    const value = typeof step === 'function' ? await step(input) : step;
    if (value instanceof Error) throw value;
    return value;
  };
  const names = Object.keys(DEFAULTS) as StageName[];
  const handlers = Object.fromEntries(
    names.map((stage) => [stage, (input: unknown) => answer(stage, input)]),
  ) as unknown as StageHandlers;
  const {
    start = 'plan',
    approved,
    items = [{ chunk: '0000', part: '' }],
    definition = quickDefinition,
  } = options;
  const input = { dataset: 'spend.council_payments', runId: 'run-1', start };
  const result = await runStateMachine({
    definitionText: definition,
    handlers,
    readItems: async () => {
      if (items instanceof Error) throw items;
      return items;
    },
    input: approved === undefined ? input : { ...input, ...{ approved } },
    ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return { result, order, inputs };
}
