import path from 'node:path';
import type { AthenaPlace } from '../adapters/aws/athena-query.ts';
import type { StackLake, StackLakeOptions } from '../adapters/aws/open-lake.ts';
import type { VaultOnAws } from '../adapters/aws/vault/vault-on-aws.ts';
import { lineageFrom } from '../adapters/http/lineage.ts';
import { type Lake, type LakeOptions, openLake } from '../adapters/local/lake.ts';
import type { UpkeepOptions } from '../adapters/local/run-dataset.ts';
import type { VaultSettings } from '../adapters/local/vault/vault-place.ts';
import { ConfigError, messageOf } from '../etl/errors.ts';
import type { Runs } from '../etl/operations/runs.ts';
import type { BronzeKeeper } from '../etl/personal/adopting/bronze-keeper.ts';
import type { Alert, DatasetRun, Effects, EngineOptions } from '../etl/ports.ts';
import type { Args } from './command.ts';
import type { Io } from './io.ts';
import { locations, shownPath } from './locations.ts';
import { isDebug, stackOf } from './print/error.ts';
import { printable } from './print/printable.ts';
import { type SetOptions, setSettings } from './set-engine.ts';
import { stackOf as stackNamed } from './target.ts';
import { usageError } from './usage-error.ts';

/** The option of commands that run: nothing is tended after their runs. */
export const NO_TEND = {
  type: 'boolean',
  help: 'leave the upkeep of the tables alone, as $ASSAY_TEND=off does',
} as const;

/** How a lake is opened: who else wants to know what happens in it, and what for. */
interface Opening {
  readonly progress?: Effects['progress'];
  readonly onStage?: Effects['onStage'];
  readonly onAlert?: (alert: Alert) => void;
  /** Where the command has the options of a set engine: what was given of them. */
  readonly setOptions?: SetOptions;
  /** Whether the command changes something by the contracts; one with a reason always does. */
  readonly changes?: boolean;
}

/** A lake as commands work with it, in a folder or on AWS. */
export interface CommandLake extends Lake {
  readonly runs: Runs;
  /** Where SQL is answered on AWS; undefined where it is on this machine. */
  readonly athena: AthenaPlace | undefined;
  /** What adopts datasets on AWS; undefined where the lake is a folder. */
  readonly keeper?: BronzeKeeper;
  /** Where its vault is on AWS; undefined where that is a folder. */
  readonly vaultOnAws?: VaultOnAws | undefined;
  /** The table of policies on AWS; undefined where they are documents of the lake. */
  readonly policiesTable?: string | undefined;
}

/**
 * Opens the lake that a command line means. Of a local one, alerts also go to the webhook at $ASSAY_WEBHOOK_URL, what was
 * published is told to the program at $ASSAY_EVENTS_URL, and DuckDB takes at most $ASSAY_MEMORY_MB and $ASSAY_THREADS, and a worker $ASSAY_CHUNK_MB, where they are set.
 */
export async function openLakeOf(args: Args, io: Io, opening: Opening = {}): Promise<CommandLake> {
  const stackName = stackNamed(args, io);
  return stackName === undefined
    ? await openFolder(args, io, opening)
    : await openStack(stackName, args, io, opening);
}

async function openFolder(
  args: Args,
  io: Io,
  { progress, onStage, onAlert, setOptions }: Opening,
): Promise<CommandLake> {
  const { lakeDir, contractsDir, sqlDir, projectionsDir } = locations(args, io);
  const webhookUrl = io.env.ASSAY_WEBHOOK_URL;
  const chunkMb = numberFrom(io, 'ASSAY_CHUNK_MB', 1);
  const rewriteMb = numberFrom(io, 'ASSAY_REWRITE_MB', 0);
  const sets = setSettings(setOptions, io);
  const lake = await openLake(lakeDir, {
    contractsDir,
    sqlDir,
    projectionsDir,
    alerts: {
      onWebhookFailure: (reason) => io.err(printable(`warning: ${reason}`)),
      ...(webhookUrl ? { webhookUrl } : {}),
      ...(onAlert === undefined ? {} : { onAlert }),
    },
    ...eventsOf(io),
    ...lineageOf(io),
    ...(progress === undefined ? {} : { progress }),
    ...(onStage === undefined ? {} : { onStage }),
    ...(isDebug(args, io) ? { onError: (error: unknown) => io.err(stackOf(error)) } : {}),
    vault: vaultSettings(io),
    ...engineLimits(io),
    nativePart: nativePartOf(io),
    ...(chunkMb === undefined ? {} : { chunkBytes: chunkMb * 1024 * 1024 }),
    ...(rewriteMb === undefined ? {} : { rewriteFromBytes: rewriteMb * 1024 * 1024 }),
    ...(sets === undefined ? {} : { sets }),
  });
  const tends = !args.has('no-tend') && io.env.ASSAY_TEND !== 'off';
  const onTrouble = (error: unknown): void =>
    io.err(
      printable(`warning: the upkeep of the tables was not done, and is tried again: ${messageOf(error)}`),
    );
  return { ...lake, runs: embeddedRuns(lake.effects, tends ? { onTrouble } : undefined), athena: undefined };
}

/** $ASSAY_NATIVE: the file of the native part, or `off`; undefined where it isn't set. */
function nativePartOf({ env, cwd }: Io): string | undefined {
  const { ASSAY_NATIVE: setting } = env;
  return setting && setting !== 'off' ? path.resolve(cwd, setting) : setting;
}

/** Where the vault is: $ASSAY_VAULT, and what opens it: $ASSAY_VAULT_KEY or the file $ASSAY_VAULT_KEY_FILE. */
export function vaultSettings({ env, cwd }: Io): VaultSettings {
  const { ASSAY_VAULT: folder, ASSAY_VAULT_KEY: key, ASSAY_VAULT_KEY_FILE: keyFile } = env;
  return {
    ...(folder ? { folder: path.resolve(cwd, folder) } : {}),
    ...(key ? { key } : {}),
    ...(keyFile ? { keyFile: path.resolve(cwd, keyFile) } : {}),
  };
}

/** Where runs are told in OpenLineage's words: $OPENLINEAGE_URL and its relatives, as the standard's clients read them. */
function lineageOf(io: Io): Pick<LakeOptions, 'lineage'> {
  const lineage = lineageFrom(io.env);
  const onFailure = (reason: string): void => io.err(printable(`warning: ${reason}`));
  return lineage === undefined ? {} : { lineage: { ...lineage, onFailure } };
}

/** A platform names its lineage server itself; the key of who decides from here is in $OPENLINEAGE_API_KEY. */
function stackLineageOf(io: Io): Pick<StackLakeOptions, 'lineage'> {
  const { OPENLINEAGE_API_KEY: apiKey, OPENLINEAGE_DISABLED: disabled } = io.env;
  if (disabled?.trim().toLowerCase() === 'true') return {};
  const onFailure = (reason: string): void => io.err(printable(`warning: ${reason}`));
  return { lineage: { onFailure, ...(apiKey ? { apiKey } : {}) } };
}

/** Where programs are notified of publications: $ASSAY_EVENTS_URL, signed with $ASSAY_EVENTS_SECRET. */
function eventsOf(io: Io): Pick<LakeOptions, 'events'> {
  const { ASSAY_EVENTS_URL: url, ASSAY_EVENTS_SECRET: secret } = io.env;
  if (url === undefined || url === '') return {};
  const onFailure = (reason: string): void => io.err(printable(`warning: ${reason}`));
  return { events: { url, secret: secret ?? '', onFailure } };
}

/**
 * Runs on this machine, with upkeep after them where it is wanted. Most commands start none, and need not wait for the
 * stages to be loaded.
 */
function embeddedRuns(effects: Effects, upkeep: UpkeepOptions | undefined): Runs {
  const load = () => import('../adapters/local/run-dataset.ts');
  return {
    dataset: async (dataset, options = {}) => {
      const { runAndTend, runDataset } = await load();
      return upkeep === undefined
        ? await runDataset(dataset, effects, options)
        : await runAndTend(dataset, effects, { ...upkeep, ...options });
    },
    backfill: async ({ dataset, runId }) => await (await load()).runOnce(dataset, effects, { runId }),
    approved: async (dataset, approval) => await (await load()).runOnce(dataset, effects, approval),
    resealed: async ({ dataset, runId }) =>
      await (await load()).runOnce(dataset, effects, { runId, start: 'reseal' }),
  };
}

async function openStack(
  stackName: string,
  args: Args,
  io: Io,
  { progress, changes = args.text('reason') !== undefined }: Opening,
): Promise<CommandLake> {
  const { contractsDir, sqlDir, projectionsDir } = locations(args, io);
  // Whoever has no platform doesn't pay for loading the SDK.
  const { openStackLake } = await import('../adapters/aws/open-lake.ts');
  const lake = await openStackLake({
    stackName,
    contractsDir,
    sqlDir,
    projectionsDir,
    onEventFailure: (reason) => io.err(printable(`warning: ${reason}`)),
    ...stackLineageOf(io),
    onWait: (run) => {
      if (!args.has('json')) io.err(printable(waitingText(run)));
    },
    ...(progress === undefined ? {} : { progress }),
  });
  await compareContracts(lake, { stackName, contractsDir, changes }, io);
  return lake;
}

interface DeployedContracts {
  readonly stackName: string;
  readonly contractsDir: string;
  readonly changes: boolean;
}

/**
 * The deployed contracts decide. Where the local ones differ, refuses commands that change something and warns the
 * others.
 */
async function compareContracts(
  { effects, contractsDigest: deployed }: StackLake,
  { stackName, contractsDir, changes }: DeployedContracts,
  io: Io,
): Promise<void> {
  const { contractsDigest } = await import('../etl/contract/contracts-digest.ts');
  if ((await contractsDigest(effects.contracts)) === deployed) return;
  const what = `The contracts or the Gold SQL in ${shownPath(contractsDir, io)} are not those that stack ${stackName} works by`;
  const cure = 'check out what is deployed (the output Release of the stack names it), or deploy these.';
  if (!changes) io.err(printable(`warning: ${what}: what is shown may be off; ${cure}`));
  else
    throw new ConfigError('CONTRACTS_DIFFER', `${what}, and nothing is decided by others: ${cure}`, {
      context: { stack: stackName, contracts: contractsDir },
    });
}

function waitingText({ dataset, runId, isStarted }: DatasetRun & { readonly isStarted: boolean }): string {
  return `${dataset}: run ${runId} ${isStarted ? 'is under way' : 'was under way already'}; waiting for its end (Ctrl-C leaves it running)`;
}

/** A whole number of the environment; undefined where it isn't set. */
/** What $ASSAY_MEMORY_MB and $ASSAY_THREADS let DuckDB take; what isn't set is left out. */
export function engineLimits(io: Io): Partial<Pick<EngineOptions, 'memoryLimitMb' | 'threads'>> {
  const memoryLimitMb = numberFrom(io, 'ASSAY_MEMORY_MB', 100);
  const threads = numberFrom(io, 'ASSAY_THREADS', 1);
  return {
    ...(memoryLimitMb === undefined ? {} : { memoryLimitMb }),
    ...(threads === undefined ? {} : { threads }),
  };
}

function numberFrom(io: Io, name: string, least: number): number | undefined {
  const text = io.env[name];
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,7}$/.test(text) || Number(text) < least)
    throw usageError(`$${name} is '${text}'; it must be a whole number from ${least} on.`);
  return Number(text);
}
