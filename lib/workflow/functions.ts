import { type Function as LambdaFunction, LayerVersion, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import {
  bucketName,
  databasePrefix,
  eventsSource,
  secretArn,
  setsDatabase,
  stateMachineArn,
  workgroupName,
} from '../config/names.ts';
import type { StageConfig } from '../config/stage-config.ts';
import type { VaultParts } from '../security/vault.ts';
import type { Access } from './access/access.ts';
import { ACCESS, FUNCTION_NAMES, type FunctionName } from './access/functions-access.ts';
import type { CodeSource } from './code-source.ts';
import type { Resources } from './function-role.ts';
import { lambdaArchitecture } from './lambda-architecture.ts';
import { StageFunction } from './stage-function.ts';

/** What all functions are made from. */
export interface FunctionsProps extends Resources {
  readonly code: CodeSource;
  /** Where events go that start-run and the schedules could not deal with. */
  readonly deadLetters: IQueue;
}

/** Functions that events call rather than the state machine or a queue. */
const CALLED_BY_EVENTS: readonly FunctionName[] = [
  'protect',
  'start-run',
  'reconcile-catalog',
  'check-health',
  'tend',
];

/** Every Lambda function of the platform, by name, and the layer with DuckDB. */
export class Functions extends Construct {
  readonly byName: ReadonlyMap<FunctionName, LambdaFunction>;

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    const { code, deadLetters, ...resources } = props;
    const { architecture } = resources.config;
    const duckDb = new LayerVersion(this, 'DuckDb', {
      description: 'DuckDB and its Node bindings',
      code: code.duckDbLayer(architecture),
      compatibleRuntimes: [Runtime.NODEJS_24_X],
      compatibleArchitectures: [lambdaArchitecture(architecture)],
    });
    this.byName = new Map(
      FUNCTION_NAMES.map((name) => {
        const { function: made } = new StageFunction(this, name, {
          ...resources,
          name,
          code,
          duckDb,
          environment: environmentOf(name, props),
          ...(CALLED_BY_EVENTS.includes(name) ? { deadLetters } : {}),
        });
        return [name, made];
      }),
    );
  }

  /** A function by its name. */
  get(name: FunctionName): LambdaFunction {
    const found = this.byName.get(name);
    if (found === undefined) throw new Error(`There is no function ${name}.`);
    return found;
  }
}

/** Only what a function needs: lambdas/environment.ts reads and checks it. */
function environmentOf(name: FunctionName, props: FunctionsProps): Record<string, string> {
  const { stage, chunkMb, rewriteFromBytes } = props.config;
  const access = ACCESS[name];
  return {
    ASSAY_STAGE: stage,
    ...(access.lists.length === 0
      ? {}
      : {
          ASSAY_BRONZE_BUCKET: bucketName(stage, 'bronze'),
          ASSAY_SILVER_BUCKET: bucketName(stage, 'silver'),
          ASSAY_GOLD_BUCKET: bucketName(stage, 'gold'),
          ASSAY_QUARANTINE_BUCKET: bucketName(stage, 'quarantine'),
          ASSAY_OPS_BUCKET: bucketName(stage, 'ops'),
        }),
    ...(access.catalog !== undefined ? { ASSAY_DATABASE_PREFIX: databasePrefix(stage) } : {}),
    ...(access.alerts === true ? { ASSAY_ALERTS_TOPIC_ARN: props.topicArn } : {}),
    ...(access.events === true ? { ASSAY_EVENTS_SOURCE: eventsSource(stage) } : {}),
    ...(access.startsRuns === true ? { ASSAY_STATE_MACHINE_ARN: stateMachineArn(stage) } : {}),
    ...(name === 'plan' && chunkMb !== undefined ? { ASSAY_CHUNK_MB: String(chunkMb) } : {}),
    ...(name === 'seal' && rewriteFromBytes !== undefined
      ? { ASSAY_REWRITE_FROM_BYTES: String(rewriteFromBytes) }
      : {}),
    ...setsOf(access, props.config),
    ...vaultOf(access, props.vault),
    ...(access.erases === undefined ? {} : { ASSAY_ANSWERS_BUCKET: bucketName(stage, 'artifacts') }),
    ...(access.landing === true ? { ASSAY_LANDING_BUCKET: bucketName(stage, 'landing') } : {}),
    ...lineageOf(access, props.config),
    ...secretsOf(access, props.config),
  };
}

function setsOf({ asksSets }: Access, { stage, setsFromBytes }: StageConfig): Record<string, string> {
  if (asksSets !== true || setsFromBytes === undefined) return {};
  return {
    ASSAY_SETS_WORKGROUP: workgroupName(stage, 'sets'),
    ASSAY_SETS_DATABASE: setsDatabase(stage),
    ASSAY_SETS_FROM_BYTES: String(setsFromBytes),
  };
}

function vaultOf(
  { vault: use }: Access,
  { table, keysTable, wrappingKeys }: VaultParts,
): Record<string, string> {
  if (use === undefined) return {};
  return {
    ASSAY_VAULT_TABLE: table.tableName,
    ASSAY_VAULT_KEYS_TABLE: keysTable.tableName,
    ASSAY_VAULT_WRAPPING_KEYS: wrappingKeysText(wrappingKeys),
  };
}

/** The keys of KMS by data group, as functions and commands read them. */
export const wrappingKeysText = (keys: VaultParts['wrappingKeys']): string =>
  JSON.stringify(Object.fromEntries([...keys].map(([group, { keyArn }]) => [group, keyArn])));

function lineageOf(access: Access, { stage, lineage }: StageConfig): Record<string, string> {
  if (access.lineage !== true || lineage === undefined) return {};
  return {
    ASSAY_LINEAGE_URL: lineage.url,
    ASSAY_LINEAGE_NAMESPACE: lineage.namespace,
    ASSAY_LINEAGE_KEY_SECRET_ARN: secretArn(stage, 'openlineage-key'),
  };
}

function secretsOf({ secrets = [] }: Access, { stage, hasSlack }: StageConfig): Record<string, string> {
  return {
    ...(secrets.includes('digest-key')
      ? { ASSAY_DIGEST_KEY_SECRET_ARN: secretArn(stage, 'digest-key') }
      : {}),
    ...(secrets.includes('slack-webhook') && hasSlack
      ? { ASSAY_SLACK_SECRET_ARN: secretArn(stage, 'slack-webhook') }
      : {}),
  };
}
