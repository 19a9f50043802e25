import 'core-js/actual/promise/with-resolvers.js';
import { StateMachine } from 'aws-local-stepfunctions';
import { z } from 'zod';
import type { StageName } from '../../etl/stages/handlers.ts';

/** What an execution is run with. */
export interface Execution {
  /** Amazon States Language text with `${…}` substitutions, as state-machines/ holds it. */
  readonly definitionText: string;
  /** A function for each task, by the name in its `${<Name>Arn}`. */
  readonly handlers: Readonly<Record<StageName, (input: unknown) => Promise<unknown>>>;
  /** Reads the list of items that an ItemReader names by key. */
  readonly readItems: (key: string) => Promise<readonly unknown[]>;
  readonly input: { readonly dataset: string; readonly runId: string; readonly start: string };
  /** How many Map items run at once; 1 unless said, because one chunk keeps every core busy. */
  readonly concurrency?: number;
}

/** How an execution ended. */
export type ExecutionResult =
  | { readonly status: 'succeeded'; readonly output: unknown }
  | { readonly status: 'failed'; readonly error: string; readonly cause: string };

type State = { readonly Type: string } & Readonly<Record<string, unknown>>;
const Definition = z.looseObject({
  StartAt: z.string(),
  States: z.record(z.string(), z.looseObject({ Type: z.string() })),
});

const ARN_PREFIX = 'arn:aws:lambda:us-east-1:000000000000:function:';
/** Stands in the definition for the reading of a Map's items. */
const READ_ITEMS = 'readItems';

/** Runs the state machine in this process: the same file as on AWS, with the stages as its tasks. */
export async function runStateMachine(execution: Execution): Promise<ExecutionResult> {
  const { input, handlers, readItems, concurrency = 1 } = execution;
  const definition = localDefinition(execution.definitionText, concurrency);
  const tasks = taskResources(definition.States);
  const call = async (resource: string, taskInput: unknown): Promise<unknown> => {
    const name = resource.slice(ARN_PREFIX.length);
    if (name === READ_ITEMS) return readItems(z.object({ key: z.string() }).parse(taskInput).key);
    const handler = handlers[name as StageName];
    return asJson(await handler(taskInput));
  };
  const overrides = Object.fromEntries(
    tasks.map(([state, resource]) => [state, (taskInput: unknown) => call(resource, taskInput)]),
  );
  // The interpreter's types want literal unions; what it gets is checked by asl-validator in the tests.
  const machine = new StateMachine(definition as never, { validationOptions: { noValidate: true } });
  const running = machine.run(input, {
    overrides: { taskResourceLocalHandlers: overrides as never },
    context: {
      Execution: { Id: input.runId, Input: input as never, StartTime: new Date().toISOString() },
    } as never,
  });
  try {
    return { status: 'succeeded', output: await running.result };
  } catch (error) {
    const name = error instanceof Error ? error.name : 'Unknown';
    return { status: 'failed', error: name, cause: error instanceof Error ? error.message : String(error) };
  }
}

/** The definition with its substitutions made and its one distributed Map turned into what the interpreter has. */
export function localDefinition(text: string, concurrency: number): z.infer<typeof Definition> {
  const substituted = text.replace(/\$\{(\w+?)(Arn)?\}/g, (_, name: string, isArn?: string) =>
    isArn === undefined ? name : `${ARN_PREFIX}${name.charAt(0).toLowerCase()}${name.slice(1)}`,
  );
  const definition = Definition.parse(JSON.parse(substituted));
  const states = Object.entries(definition.States).flatMap(([name, state]) =>
    'ItemReader' in state ? inlineMap(name, state, concurrency) : [[name, state] as const],
  );
  return { ...definition, States: Object.fromEntries(states) };
}

/** A distributed Map as a task that reads its items, followed by an inline Map over them. */
function inlineMap(name: string, state: State, concurrency: number): [string, State][] {
  const { ItemReader, ToleratedFailurePercentage: _, ...map } = state;
  const reader = z.object({ Parameters: z.record(z.string(), z.unknown()) }).parse(ItemReader);
  const next = `${name}Items`;
  const read: State = {
    Type: 'Task',
    Resource: `${ARN_PREFIX}${READ_ITEMS}`,
    Parameters: { 'key.$': reader.Parameters['Key.$'] },
    ResultPath: '$.items',
    Catch: state.Catch,
    Next: next,
  };
  return [
    [name, read],
    [next, { ...map, ItemsPath: '$.items', MaxConcurrency: concurrency } as State],
  ];
}

/** Every task with its resource, those inside of Maps included. */
function taskResources(states: Readonly<Record<string, State>>): [state: string, resource: string][] {
  return Object.entries(states).flatMap(([name, state]): [string, string][] => {
    if (state.Type === 'Task') return [[name, String(state.Resource)]];
    if (state.Type !== 'Map') return [];
    return taskResources(z.object({ States: Definition.shape.States }).parse(state.ItemProcessor).States);
  });
}

/** What a stage returns as the JSON that would travel between Lambdas. */
function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}
