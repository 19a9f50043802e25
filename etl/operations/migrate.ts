import type { SourceContract } from '../contract/contract.ts';
import { loadContracts, requireSourceContract } from '../contract/load-contracts.ts';
import { ConfigError } from '../errors.ts';
import { migrationKey, migrationOutcomeKey, migrationsPrefix } from '../naming/generations.ts';
import { runRecordKey } from '../naming/runs.ts';
import type { Effects } from '../ports.ts';
import { awaitsMigration } from '../stages/awaits-migration.ts';
import { awaitsAdoption } from '../stages/clear-objects.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import { MigrationOutcome, MigrationRequest } from '../stages/migration-documents.ts';
import { newRunId } from '../stages/run-id.ts';
import type { RunInput } from '../stages/stage.ts';
import { parseDocument, putDocument } from '../stages/stored-documents.ts';
import type { Pointer } from '../table/pointer.ts';
import type { Word } from './decide-run.ts';

/** What is to be migrated: the contract with its new major version, and what readers see. */
export interface DueMigration {
  readonly contract: SourceContract;
  readonly pointer: Pointer;
}

/** The migration that is due; throws ConfigError `NO_MIGRATION` where the tables are of the contract's version already. */
export async function dueMigration(effects: Effects, dataset: string): Promise<DueMigration> {
  const contract = requireSourceContract(await loadContracts(effects.contracts), dataset);
  const pointer = (await readKnownPointer(effects.objects, 'silver', dataset))?.pointer;
  if (pointer !== undefined && (await awaitsMigration(effects, contract, pointer))) {
    await requireSealed(effects, contract);
    return { contract, pointer };
  }
  const why =
    pointer === undefined
      ? `nothing of ${dataset} was published yet, so that its first run makes its tables`
      : `its tables are of version ${pointer.contract_version}, its contract is ${contract.version}; should its last migration have been broken off, 'assay run' does what is left`;
  throw new ConfigError(
    'NO_MIGRATION',
    `${dataset} is not to be migrated: ${why}. Only a new major version makes tables anew.`,
    { context: { dataset } },
  );
}

/** Files in the clear are not read under a contract that protects: all of their rows would go. */
async function requireSealed(effects: Effects, contract: SourceContract): Promise<void> {
  const { dataset } = contract;
  if (!(await awaitsAdoption(effects, contract))) return;
  throw new ConfigError(
    'ADOPT_FIRST',
    `${dataset} is protected since its version ${contract.version}, and has files in the clear: 'assay privacy adopt ${dataset}' seals them, makes its tables anew, and removes what is in the clear.`,
    { context: { dataset } },
  );
}

/**
 * Asks for a migration: the run with the id returned reads all of Bronze into the next generation of the dataset's tables,
 * and publishes it as one. One that was asked for alike, and was broken off before it ended, goes on under its own id. The
 * run itself is the caller's to start, a run like any other.
 */
export async function askForMigration(
  effects: Effects,
  dataset: string,
  { acceptLosses, by, reason }: Word & { readonly acceptLosses: boolean },
): Promise<RunInput> {
  const begun = await brokenOff(effects, dataset, acceptLosses);
  if (begun !== undefined) return { dataset, runId: begun.runId };
  const runId = newRunId(effects.clock.now());
  const request: MigrationRequest = { dataset, runId, by, reason, acceptLosses };
  await putDocument(effects.objects, migrationKey(dataset, runId), request);
  return { dataset, runId };
}

/** The last migration that was asked for, where it never ended. */
async function brokenOff(
  { objects }: Effects,
  dataset: string,
  acceptLosses: boolean,
): Promise<MigrationRequest | undefined> {
  const keys = (await objects.list(migrationsPrefix(dataset)))
    .map(({ key }) => key)
    .filter((key) => /\/[\w-]+\.json$/.test(key) && !key.endsWith('/due.json'));
  const key = keys.at(-1);
  const stored = key === undefined ? undefined : await objects.get(key);
  if (key === undefined || stored === undefined) return undefined;
  const request = parseDocument(stored.body, key, MigrationRequest);
  const ended = (await objects.get(runRecordKey(dataset, request.runId))) !== undefined;
  return ended || request.acceptLosses !== acceptLosses ? undefined : request;
}

/** What a migration changes, or would have changed; undefined where it never came so far. */
export async function migrationOutcome(
  { objects }: Effects,
  { dataset, runId }: RunInput,
): Promise<MigrationOutcome | undefined> {
  const key = migrationOutcomeKey(dataset, runId);
  const stored = await objects.get(key);
  return stored === undefined ? undefined : parseDocument(stored.body, key, MigrationOutcome);
}
