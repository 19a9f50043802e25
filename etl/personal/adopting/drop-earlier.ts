import type { Layer } from '../../naming/datasets.ts';
import { schemaVersion } from '../../naming/datasets.ts';
import { retriesPrefix, retryOf } from '../../naming/decisions.ts';
import { migrationHashesKey, migrationOutcomeKey, migrationsPrefix } from '../../naming/generations.ts';
import { planKey, repeatsPrefix, runOfTwins, runRecordKey, stagingPrefix } from '../../naming/runs.ts';
import { pointerKey, tableRoot } from '../../naming/tables.ts';
import type { Effects } from '../../ports.ts';
import { keepStates, openLedger, statesOf } from '../../stages/dataset-history.ts';
import { Plan } from '../../stages/documents.ts';
import { RunRecord } from '../../stages/outcomes.ts';
import { parseDocument } from '../../stages/stored-documents.ts';
import { earlierGenerations } from '../../table/generations.ts';
import { openTable } from '../../table/lake-table.ts';
import { movePointer, type Pointer, readPointer } from '../../table/pointer.ts';

const LAYERS: readonly Layer[] = ['silver', 'quarantine', 'condemned', 'source_files'];

/** What goes of the generations before: objects by what they are, and snapshots by table. */
export interface Dropped {
  readonly keys: Readonly<Record<string, string[]>>;
  readonly snapshots: Readonly<Record<string, number>>;
}

/** The keys of all that the tables of earlier generations and their runs left: tables, seals, staged documents, twins. */
export async function findEarlier(effects: Effects, dataset: string): Promise<Dropped> {
  const pointer = (await readPointer(effects.objects, 'silver', dataset))?.pointer;
  if (pointer === undefined) return { keys: {}, snapshots: {} };
  return { keys: await keysOf(effects, pointer), snapshots: await countSnapshots(effects, pointer) };
}

/** Takes the tables of every earlier generation out of a dataset's pointer; which states there were stays known. */
export async function dropEarlier(effects: Effects, dataset: string): Promise<void> {
  const read = await readPointer(effects.objects, 'silver', dataset);
  if (read === undefined) return;
  const { pointer, etag } = read;
  const earlier = earlierGenerations(pointer).filter(({ tables }) => Object.keys(tables).length > 0);
  if (earlier.length === 0) return;
  for (const { tables } of earlier) {
    const ledger = await openLedger(effects, { ...pointer, tables });
    if (ledger !== undefined) await keepStates(effects, dataset, statesOf(ledger));
  }
  // The hashes of its records are gone with it.
  const generations = (pointer.generations ?? []).map(({ generation_run: _, ...one }) => ({
    ...one,
    tables: {},
  }));
  const next = { ...pointer, version: pointer.version + 1, generations };
  await movePointer(effects.objects, 'silver', next, etag);
}

async function countSnapshots({ objects }: Effects, pointer: Pointer): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { tables } of earlierGenerations(pointer))
    for (const [layer, state] of Object.entries(tables))
      counts[layer] = (counts[layer] ?? 0) + (await openTable(objects, state)).metadata.snapshots.length;
  return counts;
}

async function keysOf(effects: Effects, pointer: Pointer): Promise<Record<string, string[]>> {
  const { dataset } = pointer;
  const runs = await currentRuns(effects, pointer);
  const keys: Record<string, string[]> = {};
  for (const { generation } of earlierGenerations(pointer))
    for (const layer of LAYERS) {
      const root = `${tableRoot(layer, dataset, generation)}/`;
      // Pointer and seals of all generations are beside the first one's data.
      const kept = [
        pointerKey('silver', dataset),
        `${root}schema_v=${schemaVersion(pointer.contract_version)}/`,
      ];
      const found = (await listKeys(effects, root)).filter((key) => !kept.some((one) => key.startsWith(one)));
      keys[layer] = [...(keys[layer] ?? []), ...found];
    }
  keys.staging = await endedStaging(effects, pointer);
  keys.twins = (await listKeys(effects, repeatsPrefix(dataset))).filter(
    (key) => !runs.has(runOfTwins(dataset, key).runId),
  );
  keys.migrations = await earlierMigrations(effects, pointer);
  keys.retries = await brokenRetries(effects, dataset);
  return keys;
}

const listKeys = async ({ objects }: Effects, prefix: string): Promise<string[]> =>
  (await objects.list(prefix)).map(({ key }) => key);

/** The runs that the tables of now are of. */
async function currentRuns(effects: Effects, pointer: Pointer): Promise<Set<string>> {
  const ledger = await openLedger(effects, pointer);
  const states = ledger === undefined ? [] : statesOf(ledger);
  return new Set([...states.map(({ run_id }) => run_id), pointer.generation_run ?? '']);
}

/** What runs of before, and the one that made the tables of now, left in staging. */
async function endedStaging(effects: Effects, pointer: Pointer): Promise<string[]> {
  const { dataset, generation_from: until = '' } = pointer;
  const prefix = stagingPrefix(dataset);
  const keys = await listKeys(effects, prefix);
  const runs = new Set(keys.map((key) => key.slice(prefix.length).split('/', 1).join()));
  const going: string[] = [];
  for (const runId of runs) {
    const since = await begunAt(effects, { dataset, runId });
    // Who left no plan and no record left it to nobody.
    if (since === undefined || since <= until)
      going.push(...keys.filter((key) => key.startsWith(`${prefix}${runId}/`)));
  }
  return going;
}

async function begunAt(
  { objects }: Effects,
  { dataset, runId }: { readonly dataset: string; readonly runId: string },
): Promise<string | undefined> {
  const [planned, recorded] = [planKey(dataset, runId), runRecordKey(dataset, runId)];
  const plan = await objects.get(planned);
  if (plan !== undefined) return parseDocument(plan.body, planned, Plan).plannedAt;
  const record = await objects.get(recorded);
  return record === undefined ? undefined : parseDocument(record.body, recorded, RunRecord).startedAt;
}

/** Hashes and outcomes of migrations from before: over values in the clear. */
async function earlierMigrations(effects: Effects, { dataset, generation_run }: Pointer): Promise<string[]> {
  const own = migrationHashesKey(dataset, generation_run ?? '');
  return (await listKeys(effects, migrationsPrefix(dataset))).filter(
    (key) =>
      (key.endsWith('.hashes.parquet') && key !== own) ||
      (key.endsWith('.outcome.json') && key !== migrationOutcomeKey(dataset, generation_run ?? '')),
  );
}

/** What is left of retries whose manifest was never written. */
async function brokenRetries(effects: Effects, dataset: string): Promise<string[]> {
  const keys = await listKeys(effects, retriesPrefix(dataset));
  const all = new Set(keys);
  const whole = new Set(
    keys.flatMap((key) => {
      const retry = retryOf(dataset, key);
      return retry === undefined || !all.has(retry.manifest)
        ? []
        : [retry.records, retry.origins, retry.manifest];
    }),
  );
  return keys.filter((key) => !whole.has(key));
}
