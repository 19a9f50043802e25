import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { lstat, mkdir } from 'node:fs/promises';
import { availableParallelism, tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient } from '@aws-sdk/client-sfn';
import { ConfigError } from '../../etl/errors.ts';
import type { Runs } from '../../etl/operations/runs.ts';
import type { BronzeKeeper } from '../../etl/personal/adopting/bronze-keeper.ts';
import type { Effects } from '../../etl/ports.ts';
import type { LineageOptions } from '../http/lineage.ts';
import type { ContractFolders } from '../local/contract-source.ts';
import type { Lake } from '../local/lake.ts';
import { ownedName, removeLeftovers } from '../local/owner.ts';
import type { AthenaPlace } from './athena-query.ts';
import { openAwsLake } from './aws-lake.ts';
import { CLIENT_CONFIG } from './client-config.ts';
import { type PlatformRunsOptions, platformRuns } from './open-runs.ts';
import { readStack, type StackOutputs } from './open-stack.ts';
import { stackKeeper } from './stack-keeper.ts';
import { parseWrappingKeys, type VaultOnAws } from './vault/vault-on-aws.ts';

const MEMORY_LIMIT_MB = 600;

/** Which platform is meant, and who wants to know what happens. */
export interface StackLakeOptions extends ContractFolders {
  readonly stackName: string;
  readonly progress?: Effects['progress'];
  readonly onWait?: PlatformRunsOptions['onWait'];
  /** Lineage settings for decisions made here, if the platform names a server; without them nothing is reported. */
  readonly lineage?: Pick<LineageOptions, 'apiKey' | 'onFailure'>;
  /** Called with the reason when programs could not be notified of a publication. */
  readonly onEventFailure?: (reason: string) => void;
}

/** The lake of a deployed platform, for a person at a terminal. */
export interface StackLake extends Lake {
  readonly runs: Runs;
  /** What adopts datasets there. */
  readonly keeper: BronzeKeeper;
  readonly athena: AthenaPlace;
  /** Where the vault is; undefined in a stack of an older release. */
  readonly vaultOnAws: VaultOnAws | undefined;
  /** Where the policies of event datasets are; undefined in a stack of an older release. */
  readonly policiesTable: string | undefined;
  /** Digest of the contracts and the Gold SQL that are deployed. */
  readonly contractsDigest: string;
}

/**
 * Opens the lake of a deployed stack with the credentials and the region that the SDK finds. Objects that DuckDB reads
 * are copied to a folder that only this user can read; it is emptied when the process ends.
 */
export async function openStackLake(options: StackLakeOptions): Promise<StackLake> {
  const { stackName, contractsDir, sqlDir, progress, onWait, onEventFailure } = options;
  // Hides the SDK's warning about old Node versions at each command: only Assay's maintainers can act on it.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const stack = await readStack(stackName);
  const privately = await privateFolder();
  await removeLeftovers(privately);
  const localFolder = path.join(privately, ownedName('lake'));
  const lake = await openAwsLake({
    buckets: {
      bronze: stack.BronzeBucket,
      silver: stack.SilverBucket,
      gold: stack.GoldBucket,
      quarantine: stack.QuarantineBucket,
      ops: stack.OpsBucket,
    },
    databasePrefix: stack.DatabasePrefix,
    alertsTopicArn: stack.AlertsTopicArn,
    stateMachineArn: stack.StateMachineArn,
    eventsSource: stack.EventsSource,
    ...lineageOf(stack, options),
    vault: vaultOfStack(stack),
    ...(onEventFailure === undefined ? {} : { onEventFailure }),
    contractsDir,
    sqlDir,
    engine: { memoryLimitMb: MEMORY_LIMIT_MB, threads: availableParallelism() },
    localFolder,
    // Only functions may use the platform's key. This one lasts one command, so its digests compare only within it.
    digestKey: randomBytes(32).toString('hex'),
    ...(progress === undefined ? {} : { progress }),
  });
  // Values that were read must not stay behind. After a kill, the next process removes them.
  process.once('exit', () => rmSync(localFolder, { recursive: true, force: true }));
  const { root, effects, data, executions, history } = lake;
  const lambda = new LambdaClient(CLIENT_CONFIG);
  const keeper = stackKeeper({ data, lambda, eraseFunction: stack.EraseFunction });
  const runs = platformRuns({
    lambda,
    sfn: new SFNClient(CLIENT_CONFIG),
    startFunction: stack.StartRunFunction,
    stateMachineArn: stack.StateMachineArn,
    objects: effects.objects,
    contracts: effects.contracts,
    clock: effects.clock,
    executions,
    onWait,
  });
  const { Workgroup, OperatorsWorkgroup, DatabasePrefix: databasePrefix } = stack;
  // An operator's results may hold what analysts must not see.
  const workgroups = OperatorsWorkgroup === undefined ? [Workgroup] : [OperatorsWorkgroup, Workgroup];
  const athena = { workgroups, databasePrefix };
  const { ContractsDigest: contractsDigest } = stack;
  const { PoliciesTable: policiesTable } = stack;
  const vaultOnAws = vaultOfStack(stack);
  return { root, effects, data, history, runs, keeper, athena, vaultOnAws, policiesTable, contractsDigest };
}

function lineageOf(
  { LineageUrl: url, LineageNamespace: namespace = 'default' }: StackOutputs,
  { lineage }: StackLakeOptions,
): { lineage?: LineageOptions } {
  return url === undefined || lineage === undefined ? {} : { lineage: { ...lineage, url, namespace } };
}

/** A folder for copies of objects that nobody else can look into; throws ConfigError `FOLDER_TAKEN` where somebody else's is. */
async function privateFolder(): Promise<string> {
  const { uid, username } = userInfo();
  const folder = path.join(tmpdir(), `assay-${username.replace(/\W/g, '_')}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const stats = await lstat(folder);
  // Windows has neither; there, the folder for temporary files is the user's own.
  const isMine = uid < 0 || (stats.isDirectory() && stats.uid === uid && (stats.mode & 0o077) === 0);
  if (isMine) return folder;
  throw new ConfigError(
    'FOLDER_TAKEN',
    `${folder} is not a folder of yours alone, and copies of the lake's objects would lie there: remove it, or set TMPDIR.`,
  );
}

/** Where the platform's vault is; who may not use it is refused by AWS, with the permission that is lacking. */
function vaultOfStack({
  VaultTable: table,
  VaultKeysTable: keysTable,
  VaultWrappingKeys: keys,
}: StackOutputs): VaultOnAws | undefined {
  if (table === undefined || keysTable === undefined || keys === undefined) return undefined;
  return { table, keysTable, wrappingKeys: parseWrappingKeys(keys) };
}
