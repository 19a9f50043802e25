import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type _Object as S3Object,
} from '@aws-sdk/client-s3';
import { z } from 'zod';
import { bronzeKey } from '../etl/naming/bronze.ts';
import { runsPrefix } from '../etl/naming/runs.ts';
import { isCommitted, RunRecord } from '../etl/stages/outcomes.ts';

/**
 * Proves a deployment with a real file: brings it into Bronze and waits until a run has published it. The file is the
 * one given or, without one, the smallest that its last runs took; bytes that came before are recognised as a repeat,
 * so that every stage works and no figure changes.
 *
 *     node --import tsx scripts/smoke.ts --stack Assay-staging --dataset spend.council_payments [--file FILE]
 */

const POLL_MS = 5_000;
const TIMEOUT_MS = 15 * 60_000;
/** So many runs are looked through for a file. */
const LAST_RUNS = 50;

const s3 = new S3Client();

interface Smoke {
  readonly dataset: string;
  readonly bronze: string;
  readonly ops: string;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { stack: { type: 'string' }, dataset: { type: 'string' }, file: { type: 'string' } },
  });
  const { stack, dataset, file } = z
    .object({ stack: z.string(), dataset: z.string(), file: z.string().optional() })
    .parse(values);
  const smoke = { dataset, ...(await readBuckets(stack)) };
  const bytes = file === undefined ? await smallestFile(smoke) : await readFile(file);
  if (bytes === undefined) {
    console.log(`No late run of ${dataset} took a CSV file: nothing to try it with. Name one with --file.`);
    return;
  }
  const before = await listRuns(smoke);
  const key = await drop(smoke, bytes, file === undefined ? '.csv' : path.extname(file));
  console.log(`${key} is in Bronze; waiting for its run …`);
  const run = await waitForRun(smoke, key, before);
  console.log(`Run ${run.runId} ended as ${run.status}: ${JSON.stringify(run.counts)}. ${run.why.join(' ')}`);
  if (!isWell(run, key)) process.exitCode = 1;
}

/** Whether every stage worked: bytes that came before publish nothing. Other files of the run may be what they are. */
const isWell = ({ status, files }: RunRecord, key: string): boolean =>
  isCommitted(status) && files.some((file) => file.key === key && file.status !== 'rejected');

async function readBuckets(stack: string): Promise<Pick<Smoke, 'bronze' | 'ops'>> {
  const { Stacks } = await new CloudFormationClient().send(new DescribeStacksCommand({ StackName: stack }));
  const outputs = Object.fromEntries(
    (Stacks?.[0]?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]),
  );
  const { BronzeBucket, OpsBucket } = z
    .object({ BronzeBucket: z.string(), OpsBucket: z.string() })
    .parse(outputs);
  return { bronze: BronzeBucket, ops: OpsBucket };
}

async function list(bucket: string, prefix: string): Promise<S3Object[]> {
  const objects: S3Object[] = [];
  let token: string | undefined;
  do {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
    );
    objects.push(...(page.Contents ?? []));
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return objects;
}

async function read(bucket: string, key: string): Promise<Uint8Array> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return (await Body?.transformToByteArray()) ?? new Uint8Array();
}

/** Bytes of the smallest CSV file that one of the last runs took; undefined where there is none. */
async function smallestFile(smoke: Smoke): Promise<Uint8Array | undefined> {
  const runs = [...(await listRuns(smoke)).values()].sort().slice(-LAST_RUNS);
  const files = (await Promise.all(runs.map((key) => readRun(smoke, key))))
    .flatMap((run) => (isCommitted(run.status) ? run.files : []))
    .filter(({ key, status }) => status === 'accepted' && key.endsWith('.csv'))
    .sort((a, b) => a.sizeBytes - b.sizeBytes);
  const key = files[0]?.key;
  return key === undefined ? undefined : read(smoke.bronze, key);
}

const readRun = async ({ ops }: Smoke, key: string): Promise<RunRecord> =>
  RunRecord.parse(JSON.parse(Buffer.from(await read(ops, key)).toString('utf8')));

/** Puts the bytes under a name of their own, as Bronze wants it: only where nothing is yet. */
async function drop({ dataset, bronze }: Smoke, bytes: Uint8Array, extension: string): Promise<string> {
  const now = new Date().toISOString();
  const name = `smoke-${now.replace(/\D/g, '')}${extension}`;
  const key = bronzeKey(dataset, now.slice(0, 10), name);
  await s3.send(new PutObjectCommand({ Bucket: bronze, Key: key, Body: bytes, IfNoneMatch: '*' }));
  return key;
}

/** Every record of a run of the dataset, by key and tag: a held run that is decided has its record written anew. */
async function listRuns({ dataset, ops }: Smoke): Promise<Map<string, string>> {
  const records = await list(ops, runsPrefix(dataset));
  return new Map(records.flatMap(({ Key, ETag }) => (Key === undefined ? [] : [[`${Key} ${ETag}`, Key]])));
}

/** The record of the run that dealt with a key, once it ended. */
async function waitForRun(
  smoke: Smoke,
  key: string,
  before: ReadonlyMap<string, string>,
): Promise<RunRecord> {
  const seen = new Set(before.keys());
  const deadline = Date.now() + TIMEOUT_MS;
  while (Date.now() < deadline) {
    for (const [id, runKey] of await listRuns(smoke)) {
      if (seen.has(id)) continue;
      seen.add(id);
      const record = await readRun(smoke, runKey);
      // A run that failed before its seal names no files; after a drop it is most likely ours.
      const isOurs = record.files.some((file) => file.key === key);
      if (isOurs || (record.status === 'failed' && record.files.length === 0)) return record;
    }
    await sleep(POLL_MS);
  }
  throw new Error(`No run has dealt with ${key} within ${TIMEOUT_MS / 60_000} minutes.`);
}

await main();
