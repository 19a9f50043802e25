import type { Engine } from '../engine/engine.ts';
import { DataError } from '../errors.ts';
import { adoptionKey, adoptionRunOf, migrationsPrefix } from '../naming/generations.ts';
import type { Effects } from '../ports.ts';
import type { Pointer } from '../table/pointer.ts';
import type { PlannedFile } from './documents.ts';
import { Adoption } from './migration-documents.ts';
import type { RunInput } from './stage.ts';
import { parseDocument } from './stored-documents.ts';

/** The adoption that a run is part of; undefined for every other run. */
export async function readAdoption(
  { objects }: Pick<Effects, 'objects'>,
  { dataset, runId }: RunInput,
): Promise<Adoption | undefined> {
  const key = adoptionKey(dataset, runId);
  const stored = await objects.get(key);
  return stored === undefined ? undefined : parseDocument(stored.body, key, Adoption);
}

/** The adoption of a run that was asked for as one; throws DataError `ADOPTION_MISSING` where it is gone. */
export async function requireAdoption(effects: Pick<Effects, 'objects'>, run: RunInput): Promise<Adoption> {
  const adoption = await readAdoption(effects, run);
  if (adoption !== undefined) return adoption;
  throw new DataError(
    'ADOPTION_MISSING',
    `Run ${run.runId} of ${run.dataset} is an adoption, and ${adoptionKey(run.dataset, run.runId)} is not there: 'assay privacy adopt ${run.dataset}' begins anew.`,
    { context: { ...run } },
  );
}

/**
 * The files of a migration under the keys that they are sealed under. What has the same bytes as another one is gone, and
 * so is what can't be read: neither has an object any more.
 */
export function underSealedKeys(files: readonly PlannedFile[], adoption: Adoption): PlannedFile[] {
  const sealed = new Map(adoption.files.map((file) => [file.from, file]));
  const discarded = new Set(adoption.discarded.map(({ key }) => key));
  return files.flatMap(({ member: _, aside, ...file }) => {
    const found = sealed.get(file.key);
    if (found === undefined) return discarded.has(file.key) ? [] : [{ ...file, ...(aside && { aside }) }];
    if (found.isRepeat === true) return [];
    const { repeatOf: __, ...own } = file;
    return [{ ...own, key: found.to, sizeBytes: found.sizeBytes, sourceFileId: found.toId }];
  });
}

/** Makes the table `adopted` (from_id, to_id, to_key): what the files of before are called now. */
export async function loadAdopted(engine: Engine, { files }: Pick<Adoption, 'files'>): Promise<void> {
  await engine.run('CREATE OR REPLACE TEMP TABLE adopted (from_id VARCHAR, to_id VARCHAR, to_key VARCHAR)');
  const rows = files.filter(({ isRepeat }) => isRepeat !== true);
  if (rows.length > 0)
    await engine.append(
      'adopted',
      rows.map(({ fromId, toId, to }) => [fromId, toId, to]),
    );
}

/** The adoption that was not ended; undefined where there is none. */
export async function begunAdoption(
  { objects }: Pick<Effects, 'objects'>,
  dataset: string,
): Promise<Adoption | undefined> {
  const keys = (await objects.list(migrationsPrefix(dataset))).map(({ key }) => key);
  const key = keys.findLast((one) => adoptionRunOf(one) !== undefined);
  const stored = key === undefined ? undefined : await objects.get(key);
  return key === undefined || stored === undefined ? undefined : parseDocument(stored.body, key, Adoption);
}

/** Whether the tables of an adoption are those that readers see, so that only removing is left of it. */
export const isPublished = (
  { isMigration, runId }: Pick<Adoption, 'isMigration' | 'runId'>,
  pointer: Pick<Pointer, 'generation_run'> | undefined,
): boolean => !isMigration || pointer?.generation_run === runId;
