import { fileURLToPath } from 'node:url';
import { type AwsLake, type AwsLakeSettings, openAwsLake } from '../adapters/aws/aws-lake.ts';
import type { LakeBuckets } from '../adapters/aws/lake-buckets.ts';
import { parseWrappingKeys, type VaultOnAws } from '../adapters/aws/vault/vault-on-aws.ts';
import { LOOK_BACK_DAYS } from '../etl/stages/list-sources.ts';
import { type Environment, readEnvironment, type VariableName } from './environment.ts';
import { lineageOf } from './lineage.ts';
import { logWarning } from './telemetry.ts';

/** What every function that works on the lake needs. */
const BUCKETS = [
  'ASSAY_BRONZE_BUCKET',
  'ASSAY_SILVER_BUCKET',
  'ASSAY_GOLD_BUCKET',
  'ASSAY_QUARANTINE_BUCKET',
  'ASSAY_OPS_BUCKET',
  'ASSAY_MEMORY_LIMIT_MB',
  'ASSAY_THREADS',
] as const satisfies readonly VariableName[];

/** A file or folder beside the bundled code. */
const beside = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/**
 * A function's lake, opened at its first call and kept as long as its container lives; `needed` are the variables it
 * can't do without beyond those of every lake. An opening that failed is tried again at the next call.
 */
export function lakeOf(needed: readonly VariableName[]): () => Promise<AwsLake> {
  let opened: Promise<AwsLake> | undefined;
  return async () => {
    opened ??= open(readEnvironment(process.env, [...BUCKETS, ...needed]));
    try {
      return await opened;
    } catch (error) {
      opened = undefined;
      throw error;
    }
  };
}

async function open(env: Environment<(typeof BUCKETS)[number]>): Promise<AwsLake> {
  return await openAwsLake({
    buckets: bucketsOf(env),
    databasePrefix: env.ASSAY_DATABASE_PREFIX,
    alertsTopicArn: env.ASSAY_ALERTS_TOPIC_ARN,
    stateMachineArn: env.ASSAY_STATE_MACHINE_ARN,
    digestKeySecretArn: env.ASSAY_DIGEST_KEY_SECRET_ARN,
    eventsSource: env.ASSAY_EVENTS_SOURCE,
    lineage: lineageOf(env),
    vault: vaultOf(env),
    sets: setsOf(env),
    onEventFailure: (reason) => logWarning(reason),
    contractsDir: beside('contracts'),
    sqlDir: beside('sql/gold'),
    projectionsDir: beside('projections'),
    engine: { memoryLimitMb: env.ASSAY_MEMORY_LIMIT_MB, threads: env.ASSAY_THREADS },
    lookBackDays: LOOK_BACK_DAYS,
    ...(env.ASSAY_REWRITE_FROM_BYTES === undefined ? {} : { rewriteFromBytes: env.ASSAY_REWRITE_FROM_BYTES }),
    ...(env.ASSAY_CHUNK_MB === undefined ? {} : { chunkBytes: env.ASSAY_CHUNK_MB * 1024 * 1024 }),
  });
}

/** Where the vault is; undefined for functions that are not given it. */
function vaultOf({
  ASSAY_VAULT_TABLE: table,
  ASSAY_VAULT_KEYS_TABLE: keysTable,
  ASSAY_VAULT_WRAPPING_KEYS: keys,
}: Environment<never>): VaultOnAws | undefined {
  if (table === undefined || keysTable === undefined || keys === undefined) return undefined;
  return { table, keysTable, wrappingKeys: parseWrappingKeys(keys) };
}

/** Where Athena answers what outgrows the function; undefined for functions that ask nothing of it. */
function setsOf({
  ASSAY_SETS_WORKGROUP: workgroup,
  ASSAY_SETS_DATABASE: database,
  ASSAY_SETS_FROM_BYTES: fromBytes,
}: Environment<never>): AwsLakeSettings['sets'] {
  if (workgroup === undefined || database === undefined || fromBytes === undefined) return undefined;
  return { workgroup, database, fromBytes };
}

function bucketsOf(env: Environment<(typeof BUCKETS)[number]>): LakeBuckets {
  return {
    bronze: env.ASSAY_BRONZE_BUCKET,
    silver: env.ASSAY_SILVER_BUCKET,
    gold: env.ASSAY_GOLD_BUCKET,
    quarantine: env.ASSAY_QUARANTINE_BUCKET,
    ops: env.ASSAY_OPS_BUCKET,
  };
}
