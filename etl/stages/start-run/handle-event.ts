import { z } from 'zod';
import { type LoadedContracts, loadContracts, requireSourceContract } from '../../contract/load-contracts.ts';
import { ConfigError, messageOf } from '../../errors.ts';
import { datasetOfBronzeKey } from '../../naming/bronze.ts';
import { datasetPath } from '../../naming/datasets.ts';
import { migrationKey } from '../../naming/generations.ts';
import { backfillKey } from '../../naming/runs.ts';
import type { ContractSource, DatasetRun } from '../../ports.ts';
import { isRecent, lookEverywhere } from '../list-sources.ts';
import { type RefusalEffects, refuseDrop } from './refuse-drop.ts';
import { type StartEffects, type Started, startRun } from './start-run.ts';

/** What dealing with an event needs of the world. */
export interface EventEffects extends StartEffects, RefusalEffects {
  readonly contracts: ContractSource;
}

/** An event's outcome: what runs now, what was refused (by its name in ops.alerts), or nothing to do. */
export interface Handled {
  readonly runs: readonly Started[];
  readonly refused: readonly string[];
}

const ObjectCreated = z.looseObject({
  'detail-type': z.literal('Object Created'),
  detail: z.looseObject({ object: z.looseObject({ key: z.string().min(1) }) }),
});
/** With a run's id: the backfill or the migration that a person asked for under it. */
const Named = z.looseObject({
  dataset: z.string(),
  runId: z
    .string()
    .regex(/^[\w-]{1,80}$/)
    .exactOptional(),
});
const Sweep = z.looseObject({ sweep: z.literal(true) });

/**
 * Starts what an event asks for: the dataset of a file that was dropped, a dataset by name (with `runId`, the backfill
 * or the migration that was asked for under that id), or with `{"sweep": true}` every dataset with a contract. What can't be used (an event
 * of another shape, a key outside of the datasets' folders, a file that vanished, a dataset without a usable contract)
 * starts nothing and people are told once; it is no error, since the same event again would be the same. Of a sweep, one
 * dataset's trouble keeps no other from starting. Throws ConfigError `NOT_ASKED_FOR` where nobody asked for either.
 */
export async function handleStartEvent(event: unknown, effects: EventEffects): Promise<Handled> {
  if (Sweep.safeParse(event).success) return await startAll(effects);
  const named = Named.safeParse(event);
  if (named.success) {
    const { dataset, runId } = named.data;
    return await startOne(dataset, 'a request names', effects, { runId, isEverywhere: runId === undefined });
  }
  const dropped = ObjectCreated.safeParse(event);
  if (!dropped.success) return await refuseEvent(event, effects);
  const { key } = dropped.data.detail.object;
  if (key.endsWith('/')) return { runs: [], refused: [] }; // what consoles make to show a folder
  const dataset = datasetOfBronzeKey(key);
  if (dataset === undefined) return await refuseKey(key, effects);
  if (!(await isThere(key, effects))) return await refuseVanished(dataset, key, effects);
  const isEverywhere = !isRecent(key, dataset, effects.clock.now());
  return await startOne(dataset, `${key} was dropped for`, effects, { isEverywhere });
}

async function isThere(key: string, { objects }: EventEffects): Promise<boolean> {
  return (await objects.list(key)).some((object) => object.key === key);
}

/** Which run to start, and whether it looks through all of Bronze: an event's file is in its last days. */
interface Wanted {
  readonly runId?: string | undefined;
  readonly isEverywhere: boolean;
}

async function startOne(
  dataset: string,
  what: string,
  effects: EventEffects,
  { runId, isEverywhere }: Wanted,
): Promise<Handled> {
  const trouble = contractTrouble(await loadContracts(effects.contracts), dataset);
  if (trouble === undefined) {
    if (runId !== undefined) await requireRequest({ dataset, runId }, effects);
    if (isEverywhere) await lookEverywhere(effects, dataset);
    return { runs: [await startRun(dataset, effects, runId)], refused: [] };
  }
  const id = await refuseDrop(
    {
      dataset,
      title: `Nothing was started: ${what} ${dataset}. ${trouble.split('\n')[0]}`,
      nextCommand: `write or correct contracts/${pathOf(dataset)}.yaml, check it with 'assay contracts check', and deploy`,
      details: { trouble },
      reason: `contract:${dataset}`,
    },
    effects,
  );
  return { runs: [], refused: [id] };
}

/** Runs get their ids here, but for those that a person asked for. */
async function requireRequest({ dataset, runId }: DatasetRun, effects: EventEffects): Promise<void> {
  for (const key of [backfillKey(dataset, runId), migrationKey(dataset, runId)])
    if (await isThere(key, effects)) return;
  throw new ConfigError(
    'NOT_ASKED_FOR',
    `Nobody asked for a backfill or a migration of ${dataset} under the id ${runId}: 'assay backfill' and 'assay migrate' do, and have it started.`,
    { context: { dataset, runId } },
  );
}

async function startAll(effects: EventEffects): Promise<Handled> {
  const loaded = await loadContracts(effects.contracts);
  const sources = [...loaded.contracts.values()].filter(({ layer }) => layer === 'silver');
  const datasets = [...sources.map(({ dataset }) => dataset), ...loaded.unusable.keys()].sort();
  const runs: Started[] = [];
  const refused: string[] = [];
  const errors: unknown[] = [];
  for (const dataset of datasets) {
    try {
      const handled = await startOne(dataset, 'the daily sweep found files for', effects, {
        isEverywhere: true,
      });
      runs.push(...handled.runs);
      refused.push(...handled.refused);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
  return { runs, refused };
}

async function refuseKey(key: string, effects: EventEffects): Promise<Handled> {
  const folder = key.split('/').slice(0, 3).join('/');
  const id = await refuseDrop(
    {
      dataset: '',
      title: `Nothing was started: ${key} lies in no dataset's folder.`,
      nextCommand:
        'drop the file again under bronze/<domain>/<dataset>/ingest_date=YYYY-MM-DD/, or remove it',
      details: { key },
      reason: `folder:${folder}`,
    },
    effects,
  );
  return { runs: [], refused: [id] };
}

async function refuseVanished(dataset: string, key: string, effects: EventEffects): Promise<Handled> {
  const id = await refuseDrop(
    {
      dataset,
      title: `Nothing was started: ${key} was dropped, but is not there any more.`,
      nextCommand: `find out who removed it, and drop it again; 'assay run --dataset ${dataset} --target aws' starts what else is pending`,
      details: { key },
      reason: `vanished:${key}`,
    },
    effects,
  );
  return { runs: [], refused: [id] };
}

async function refuseEvent(event: unknown, effects: EventEffects): Promise<Handled> {
  const text = JSON.stringify(event) ?? String(event);
  const id = await refuseDrop(
    {
      dataset: '',
      title:
        'Nothing was started: an event is neither of a file in Bronze nor a request ({dataset} or {sweep: true}).',
      nextCommand: "correct what sends it; 'assay run --target aws' starts what is pending meanwhile",
      details: { event: text.slice(0, 2_000) },
      reason: `event:${shapeOf(event)}`,
    },
    effects,
  );
  return { runs: [], refused: [id] };
}

/** Why a dataset can't be run; undefined where it can. */
function contractTrouble(loaded: LoadedContracts, dataset: string): string | undefined {
  try {
    requireSourceContract(loaded, dataset);
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return messageOf(error);
    throw error;
  }
}

function pathOf(dataset: string): string {
  try {
    return datasetPath(dataset);
  } catch {
    return '<domain>/<dataset>';
  }
}

/** Which members an event has, so that one sender's mistake is one alert, whatever ids and times it puts in. */
function shapeOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${name}:${shapeOf(member)}`).join(',')}}`;
}
