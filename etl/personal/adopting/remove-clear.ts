import { isOpen } from '../../contract/open-columns.ts';
import { ConfigError } from '../../errors.ts';
import { objectKeyOf } from '../../naming/bronze.ts';
import { restatementsPrefix } from '../../naming/closings.ts';
import { datasetPath } from '../../naming/datasets.ts';
import { retryOf } from '../../naming/decisions.ts';
import { adoptionKey } from '../../naming/generations.ts';
import { adoptionRecordKey } from '../../naming/privacy.ts';
import { expire } from '../../operations/expire.ts';
import type { Effects } from '../../ports.ts';
import { clearObjects } from '../../stages/clear-objects.ts';
import { recordDecision } from '../../stages/decisions.ts';
import type { Adoption } from '../../stages/migration-documents.ts';
import { refreshGold } from '../../stages/refresh-gold.ts';
import { getDocument, putDocument } from '../../stages/stored-documents.ts';
import { readPointer } from '../../table/pointer.ts';
import { finishRemovals } from '../../tending/removals.ts';
import type { BronzeKeeper } from './bronze-keeper.ts';
import { type Dropped, dropEarlier, findEarlier } from './drop-earlier.ts';
import { AdoptionRecord } from './record.ts';
import { reportsOn } from './reports-on.ts';
import type { Adoptable } from './require-adoptable.ts';
import { scrubRunRecords } from './scrub-records.ts';
import { forgetHashes, placeCorrections, renameReleases } from './seal-decided.ts';
import { changeWithheldKeys } from './withheld-keys.ts';

/** What removing works with. */
export interface Removing {
  readonly adoption: Adoption;
  readonly keeper: BronzeKeeper;
}

/**
 * Removes all that holds a dataset in the clear, once what is sealed is published, and keeps a record of it. A repeat goes
 * on where a dead process stopped. Throws ConfigError `GOLD_BEHIND` where a report is still made from what is to go.
 */
export async function removeClear(
  effects: Effects,
  adoptable: Adoptable,
  { adoption, keeper }: Removing,
): Promise<AdoptionRecord> {
  const { dataset, runId, isMigration } = adoption;
  const adopted = { dataset, runId };
  const { contract, vault } = adoptable;
  // A process that died after the tables were published left the reports as they were.
  if (isMigration) await refreshGold({ dataset, runId }, effects);
  if (isMigration) await expireReports(effects, adoptable);
  const found = isMigration ? await findEarlier(effects, dataset) : { keys: {}, snapshots: {} };
  const restatements = isMigration ? await restatementsOf(effects, adoptable) : [];
  const earlier = { ...found, keys: { ...found.keys, restatements } };
  const record = await keepRecord(effects, adoption, earlier);
  if (isMigration) await dropEarlier(effects, dataset);
  if (isMigration) {
    const sealing = { effects, vault, contract, runId };
    await placeCorrections(sealing);
    await renameReleases(sealing);
    await scrubRunRecords(effects, adoption);
    for (const keys of Object.values(earlier.keys)) await keeper.erase(adopted, keys);
  }
  await keeper.erase(adopted, await clearKeys(effects, adoption));
  await forgetWithheld(effects, adoption);
  if (isMigration) await forgetHashes({ effects, vault, contract, runId });
  await keeper.eraseHistory(adopted);
  await recordDecision(effects, {
    ...{ id: `${runId}-adopted`, kind: 'adopted', dataset, runId },
    ...{ by: adoption.by, reason: adoption.reason },
    details: {
      files: record.files.length,
      records: record.files.reduce((sum, { records }) => sum + records, 0),
      discarded: record.discarded.length,
      removed: Object.values(record.removed).reduce((sum, keys) => sum + keys.length, 0),
      record: adoptionRecordKey(dataset, runId),
    },
  });
  await keeper.erase(adopted, [adoptionKey(dataset, runId)]);
  return record;
}

/** Lets go what reports were before: their states were computed from values in the clear. */
async function expireReports(effects: Effects, { loaded, contract, base }: Adoptable): Promise<void> {
  const silver = base?.pointer.tables.silver?.snapshot_id;
  for (const { dataset, layer } of reportsOn(loaded, contract.dataset)) {
    const made = (await readPointer(effects.objects, layer, dataset))?.pointer;
    if (made === undefined) continue;
    if (made.inputs?.[contract.dataset] !== silver)
      throw new ConfigError(
        'GOLD_BEHIND',
        `${contract.dataset} is adopted, and ${dataset} is still made from its tables of before, which are there for that reason: 'assay run --dataset ${contract.dataset}' says why, then adopt again to remove them.`,
        { context: { dataset } },
      );
    const before = new Date(effects.clock.now().getTime() + 1);
    await expire(effects, { dataset, before, atLeast: 1 });
    const bounds = { graceMs: -1000, most: Number.MAX_SAFE_INTEGER };
    await finishRemovals(effects, { dataset, layer }, bounds);
  }
}

/** What a report with personal columns told of figures that changed: they may be values in the clear. */
async function restatementsOf({ objects }: Effects, { loaded, contract }: Adoptable): Promise<string[]> {
  const keys: string[] = [];
  for (const { dataset, layer, columns } of reportsOn(loaded, contract.dataset)) {
    // Where code puts which values is not known.
    const isPersonal = layer === 'projection' || !columns.every(isOpen);
    const prefix = `${restatementsPrefix()}${datasetPath(dataset)}/`;
    if (isPersonal) keys.push(...(await objects.list(prefix)).map(({ key }) => key));
  }
  return keys;
}

/** Writes down what goes before it goes; a repeat finds what was written. */
async function keepRecord(
  { objects, clock }: Effects,
  adoption: Adoption,
  { keys, snapshots }: Dropped,
): Promise<AdoptionRecord> {
  const { dataset, runId, by, reason, files, discarded } = adoption;
  const key = adoptionRecordKey(dataset, runId);
  if ((await objects.get(key)) !== undefined) return await getDocument(objects, key, AdoptionRecord);
  const bronze = await clearKeys({ objects }, adoption);
  const sources = files.filter(({ from }) => retryOf(dataset, from) === undefined);
  const record: AdoptionRecord = {
    ...{ dataset, runId, by, reason, discarded, snapshots },
    at: clock.now().toISOString(),
    files: sources.map(({ from, to, toId, records }) => ({ from, to, digest: toId, records })),
    removed: { ...keys, bronze },
  };
  await putDocument(objects, key, record);
  return record;
}

/** The objects of before: of Bronze those that were sealed or may go, and of retries what was sealed. */
async function clearKeys(
  { objects }: Pick<Effects, 'objects'>,
  { dataset, files, discarded }: Adoption,
): Promise<string[]> {
  const sealed = new Set(
    [...files.map(({ from }) => from), ...discarded.map(({ key }) => key)].map(objectKeyOf),
  );
  const bronze = (await clearObjects({ objects }, dataset)).map(({ key }) => key);
  const retries = files.flatMap(({ from }) => {
    const keys = retryOf(dataset, from);
    return keys === undefined ? [] : [keys.manifest, keys.origins, keys.records];
  });
  // What came in the clear since stays until the next adoption.
  return [...bronze.filter((key) => sealed.has(key)), ...retries];
}

function forgetWithheld(effects: Effects, { dataset, files, discarded }: Adoption): Promise<void> {
  const gone = new Set([...files.map(({ from }) => from), ...discarded.map(({ key }) => key)]);
  return changeWithheldKeys(effects, dataset, (keys) => keys.filter((key) => !gone.has(key)));
}
