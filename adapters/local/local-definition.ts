import { z } from 'zod';
import { ConfigError } from '../../etl/errors.ts';
import type { StageName } from '../../etl/stages/handlers.ts';

const States = z.record(z.string(), z.looseObject({ Type: z.string() }));
const Machine = z.looseObject({ StartAt: z.string(), States });
const Task = z.looseObject({ Resource: z.string() });
const DistributedMap = z.looseObject({
  ItemReader: z.object({ Parameters: z.looseObject({ 'Key.$': z.string() }) }),
  ItemSelector: z.record(z.string(), z.unknown()).optional(),
  ItemProcessor: Machine,
});

/** The longest that a timer can wait, in whole seconds: nearly 25 days. */
const NO_TIMEOUT_SECONDS = Math.floor((2 ** 31 - 1) / 1000);
const SELECT_ITEM = 'Select item';

/** A state machine as the interpreter runs it, and what its tasks stand for. */
export interface LocalMachine {
  readonly definition: { readonly StartAt: string; readonly States: z.infer<typeof States> };
  /** By the name of a Task state: the stage that it runs. */
  readonly stages: ReadonlyMap<string, StageName>;
  /** By the name of a distributed Map, which the interpreter sees as a Task: the machine that every item runs through. */
  readonly maps: ReadonlyMap<string, LocalMachine>;
}

/**
 * A definition for Step Functions, read for the interpreter, with two differences; `known` are the stages there are. A distributed Map, which the
 * interpreter doesn't know, becomes a Task that is given `{key, state}`: the key of its items and its own input.
 * And no time limit holds: one machine may take longer for a large file than Lambda ever may, and the
 * interpreter, when a task's time is up, goes on without it while the task still works and writes.
 */
export function localDefinition(text: string, known: readonly StageName[]): LocalMachine {
  return localMachine(Machine.parse(JSON.parse(text)), known);
}

function localMachine(
  { StartAt, States: states }: z.infer<typeof Machine>,
  known: readonly StageName[],
): LocalMachine {
  const stages = new Map<string, StageName>();
  const maps = new Map<string, LocalMachine>();
  const local: z.infer<typeof States> = {};
  for (const [name, state] of Object.entries(states)) {
    local[name] = state;
    if (state.Type === 'Task') {
      stages.set(name, stageOf(Task.parse(state).Resource, known));
      local[name] = { ...state, TimeoutSeconds: NO_TIMEOUT_SECONDS };
    } else if (state.Type === 'Map') {
      const map = DistributedMap.parse(state);
      maps.set(name, itemMachine(map, known));
      local[name] = mapTask(map);
    }
  }
  return { definition: { StartAt, States: local }, stages, maps };
}

/** `${RefreshGoldArn}` → `refreshGold`. */
function stageOf(resource: string, known: readonly StageName[]): StageName {
  const [, name = ''] = /^\$\{(\w+)Arn\}$/.exec(resource) ?? [];
  const wanted = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  const stage = known.find((one) => one === wanted);
  if (stage !== undefined) return stage;
  throw new ConfigError(
    'STATE_MACHINE',
    `The state machine names ${resource}, which is no stage's function.`,
  );
}

function mapTask(map: z.infer<typeof DistributedMap>): z.infer<typeof States>[string] {
  const { Type: _type, ItemReader, ItemSelector: _selector, ItemProcessor: _processor, ...rest } = map;
  return {
    ...rest,
    Type: 'Task',
    Resource: 'local:map',
    Parameters: { 'key.$': ItemReader.Parameters['Key.$'], 'state.$': '$' },
    TimeoutSeconds: NO_TIMEOUT_SECONDS,
  };
}

/** The machine of one item: first what the ItemSelector makes of the Map's input, then the item's own states. */
function itemMachine(
  { ItemSelector, ItemProcessor }: z.infer<typeof DistributedMap>,
  known: readonly StageName[],
): LocalMachine {
  const selection =
    ItemSelector === undefined ? { InputPath: '$$.Map.Item.Value' } : { Parameters: ItemSelector };
  const machine = localMachine(ItemProcessor, known);
  const first = { Type: 'Pass', ...selection, Next: ItemProcessor.StartAt };
  const States = { ...machine.definition.States, [SELECT_ITEM]: first };
  return { ...machine, definition: { StartAt: SELECT_ITEM, States } };
}
