import { tmpdir } from 'node:os';
import path from 'node:path';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GlueClient } from '@aws-sdk/client-glue';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { ConfigError } from '../../etl/errors.ts';
import type { Effects, EngineOptions, Executions, ObjectHistory } from '../../etl/ports.ts';
import { httpLineage, type LineageOptions } from '../http/lineage.ts';
import { systemClock } from '../local/clock.ts';
import { type ContractFolders, fileContractSource } from '../local/contract-source.ts';
import { foldRunner } from '../local/fold-worker/fold-worker.ts';
import { removeLeftovers } from '../local/owner.ts';
import { scratchOpener } from '../local/scratch.ts';
import { type AthenaSets, athenaEngine } from './athena-engine.ts';
import { CLIENT_CONFIG } from './client-config.ts';
import { eventBridge } from './event-bridge.ts';
import { glueCatalog } from './glue-catalog.ts';
import { bucketChooser, type LakeBuckets } from './lake-buckets.ts';
import { type S3DataStore, s3DataStore } from './s3-data-store.ts';
import { s3History } from './s3-history.ts';
import { type S3Place, s3ObjectStore } from './s3-object-store.ts';
import { readSecret } from './secrets.ts';
import { snsAlerts } from './sns-alerts.ts';
import { stepFunctions } from './step-functions.ts';
import { openVaultOnAws, type VaultOnAws } from './vault/vault-on-aws.ts';

/** Where a lake on AWS is. What a function was not given, it may not use: trying throws ConfigError `NOT_GRANTED`. */
export interface AwsLakeSettings extends ContractFolders {
  readonly buckets: LakeBuckets;
  readonly databasePrefix?: string | undefined;
  readonly alertsTopicArn?: string | undefined;
  readonly stateMachineArn?: string | undefined;
  readonly digestKeySecretArn?: string | undefined;
  /** Source of the events that notify programs of publications; none are sent without it. */
  readonly eventsSource?: string | undefined;
  /** Called with the reason when an event could not be put. */
  readonly onEventFailure?: (reason: string) => void;
  /** The lineage server for reports on runs; no reports without one. */
  readonly lineage?: LineageOptions | undefined;
  /** Keys digests where no secret is named. */
  readonly digestKey?: string;
  /** Where the keys of protected values are; without it, nothing protected is read or written. */
  readonly vault?: VaultOnAws | undefined;
  /** Where Athena answers what outgrows a worker, and from how many bytes on; nowhere unless said. */
  readonly sets?: (AthenaSets & { readonly fromBytes: number }) | undefined;
  readonly engine: Omit<EngineOptions, 'folders'>;
  /** What one worker reads at most; plan's own size unless said. */
  readonly chunkBytes?: number;
  /** Bytes of Silver to be written anew from which workers do it; seal's own measure unless said. */
  readonly rewriteFromBytes?: number;
  /** Days of Bronze before today that a run lists; all unless said. */
  readonly lookBackDays?: number;
  readonly progress?: Effects['progress'];
  /** Folder on this machine for copies of objects and scratch space; one of the system's temporary folders unless said. */
  readonly localFolder?: string;
}

/** Heap of a projection's code: a function's memory is DuckDB's, but for what Node needs. */
const FOLD_MEMORY_MB = 256;

/** An open lake on AWS. */
export interface AwsLake {
  /** URI that stands for it in messages. */
  readonly root: string;
  readonly effects: Effects;
  readonly data: S3DataStore;
  readonly place: S3Place;
  readonly executions: Executions;
  /** Earlier versions of its objects. */
  readonly history: ObjectHistory;
  /** Removes its files on this machine's disk, and leftovers of earlier processes. */
  tidy(): Promise<void>;
}

/** Opens a lake on AWS with the credentials and the region that the SDK finds. Reads the digest key, where one is named. */
export async function openAwsLake(settings: AwsLakeSettings): Promise<AwsLake> {
  const { buckets, databasePrefix, alertsTopicArn, stateMachineArn, digestKeySecretArn } = settings;
  const s3 = new S3Client(CLIENT_CONFIG);
  const place = { s3, bucketOf: bucketChooser(buckets) };
  const folder = settings.localFolder ?? path.join(tmpdir(), 'assay');
  const copiesRoot = path.join(folder, 'copies');
  const objects = s3ObjectStore(place);
  const data = s3DataStore(place, objects, copiesRoot);
  const digestKey =
    digestKeySecretArn === undefined
      ? settings.digestKey
      : await readSecret(new SecretsManagerClient(CLIENT_CONFIG), digestKeySecretArn);
  const effects: Effects = {
    objects,
    data,
    openScratch: scratchOpener(path.join(folder, 'scratch')),
    contracts: fileContractSource(settings),
    clock: systemClock,
    alerts:
      alertsTopicArn === undefined
        ? { send: () => notGranted('the topic for alerts') }
        : snsAlerts({ sns: new SNSClient(CLIENT_CONFIG), topicArn: alertsTopicArn, objects }),
    catalog:
      databasePrefix === undefined
        ? { follow: () => notGranted('the Glue catalog') }
        : glueCatalog({ glue: new GlueClient(CLIENT_CONFIG), databasePrefix }),
    ...eventsOf(settings),
    ...(settings.lineage === undefined
      ? {}
      : { lineage: httpLineage({ ...settings.lineage, clock: systemClock }) }),
    engine: { ...settings.engine, folders: [copiesRoot] },
    ...(settings.rewriteFromBytes === undefined ? {} : { rewriteFromBytes: settings.rewriteFromBytes }),
    ...(settings.chunkBytes === undefined ? {} : { chunkBytes: settings.chunkBytes }),
    ...(settings.lookBackDays === undefined ? {} : { lookBackDays: settings.lookBackDays }),
    ...(settings.vault === undefined
      ? {}
      : { vault: openVaultOnAws(settings.vault, { objects, clock: systemClock }) }),
    ...(settings.sets === undefined
      ? {}
      : {
          sets: {
            engine: athenaEngine(settings.sets, { objects, clock: systemClock }),
            fromBytes: settings.sets.fromBytes,
          },
        }),
    folds: foldRunner({ memoryMb: FOLD_MEMORY_MB }),
    digestKey: () => digestKey ?? refuse('the key of digests'),
    ...(settings.progress === undefined ? {} : { progress: settings.progress }),
  };
  const executions: Executions =
    stateMachineArn === undefined
      ? { status: () => notGranted('the state machine'), start: () => notGranted('the state machine') }
      : stepFunctions({ sfn: new SFNClient(CLIENT_CONFIG), stateMachineArn });
  return {
    root: `s3://${buckets.silver}`,
    effects,
    data,
    place,
    executions,
    history: s3History(place),
    async tidy() {
      await data.forgetCopies();
      await removeLeftovers(copiesRoot);
    },
  };
}

function eventsOf({
  eventsSource: source,
  onEventFailure: onFailure,
}: AwsLakeSettings): Pick<Effects, 'events'> {
  if (source === undefined) return {};
  const client = new EventBridgeClient(CLIENT_CONFIG);
  return { events: eventBridge({ client, source, ...(onFailure === undefined ? {} : { onFailure }) }) };
}

const notGranted = async (what: string): Promise<never> => refuse(what);

function refuse(what: string): never {
  throw new ConfigError(
    'NOT_GRANTED',
    `This process was not given ${what}: correct its environment or settings, and grant its role access.`,
  );
}
