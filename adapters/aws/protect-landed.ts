import { z } from 'zod';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { DataError, messageOf } from '../../etl/errors.ts';
import { datasetOfLandingKey, SENT_PREFIX } from '../../etl/naming/landing.ts';
import { isProtected, protectionOf } from '../../etl/privacy/protection.ts';
import { refuseDrop } from '../../etl/stages/start-run/refuse-drop.ts';
import { usableContract } from '../../etl/stages/usable-contract.ts';
import { ingestProtected } from '../local/ingest-protected.ts';
import type { AwsLake } from './aws-lake.ts';
import { protectInRanges, type RangeLimits } from './protect-in-ranges.ts';
import type { LandedFile, Landing } from './s3-landing.ts';

const ObjectCreated = z.looseObject({
  'detail-type': z.literal('Object Created'),
  detail: z.looseObject({ object: z.looseObject({ key: z.string().min(1) }) }),
});
const Sweep = z.looseObject({ sweep: z.literal(true) });
/** The bucket's lifecycle removed a file. */
const Expired = z.looseObject({
  'detail-type': z.literal('Object Deleted'),
  detail: z.looseObject({
    reason: z.literal('Lifecycle Expiration'),
    object: z.looseObject({ key: z.string().min(1) }),
  }),
});

/** Files that lie there for so long are told of by an alarm, before the lifecycle removes them. */
const WAITING_MS = 3 * 3_600_000;

/** Bounds of what is protected at once, and in all. */
export interface ProtectBounds extends Omit<RangeLimits, 'untilMs'> {
  /** What one call protects whole. */
  readonly wholeBytes: number;
  readonly mostBytes: number;
  /** For how long a call begins further ranges of a file. */
  readonly workMs: number;
}

const MIB = 1024 ** 2;

/**
 * One call protects in its fifteen minutes, at 12,000 records of 90 bytes a second, a GiB, and holds it on its disk of 10 GB
 * with envelopes that take four times as much as values. What is larger is protected by ranges, a call after the other, and
 * has to be through before the bucket's lifecycle removes it after a day. S3 takes 10,000 parts of an object.
 */
const BOUNDS: ProtectBounds = {
  wholeBytes: 1024 * MIB,
  mostBytes: 48 * 1024 * MIB,
  workMs: 10 * 60_000,
  rangeBytes: 64 * MIB,
  partBytes: 32 * MIB,
  leastPartBytes: 5 * MIB,
};

/** A file's own event has had its time by then, its repetitions included. */
const OWN_EVENT_MS = 15 * 60_000;

/** Files that were protected, by the keys that they have in Bronze now, and refusals by their names in ops.alerts. */
export interface Protected {
  readonly bronze: readonly string[];
  readonly refused: readonly string[];
  /** Files of which a part is protected: an event of theirs goes on with them. */
  readonly unfinished?: readonly string[];
}

/**
 * Protects the file that an event of the landing bucket names, or with `{"sweep": true}` those whose events came to nothing:
 * brings it into Bronze with envelopes in the place of its values, and then removes it. A file that can't be protected
 * stays where it is until the bucket's lifecycle removes it, and people are told once, then and there; a repetition changes
 * nothing. A large file takes several calls. Throws what may be over the next time, a vault that doesn't answer included.
 */
export async function protectLanded(
  event: unknown,
  lake: AwsLake,
  landing: Landing,
  bounds = BOUNDS,
): Promise<Protected> {
  const untilMs = lake.effects.clock.now().getTime() + bounds.workMs;
  const expired = Expired.safeParse(event);
  if (expired.success) return await tellExpired(expired.data.detail.object.key, lake);
  // What was sent to the service is its own until it is handed over.
  const keys = (await keysOf(event, lake, landing)).filter((key) => !key.startsWith(SENT_PREFIX));
  const all: Protected[] = [];
  const errors: unknown[] = [];
  for (const key of keys) {
    try {
      all.push(await protectOne(key, { lake, landing, bounds, untilMs }));
    } catch (error) {
      errors.push(error);
    }
  }
  // One file's trouble keeps no other from being protected.
  if (errors.length > 0) throw errors[0];
  const unfinished = all.flatMap((one) => one.unfinished ?? []);
  return {
    bronze: all.flatMap(({ bronze }) => bronze),
    refused: all.flatMap(({ refused }) => refused),
    ...(unfinished.length === 0 ? {} : { unfinished }),
  };
}

/** An event as of a file that was dropped. */
export const landedEvent = (key: string): z.input<typeof ObjectCreated> => ({
  'detail-type': 'Object Created',
  detail: { object: { key } },
});

/** Whether a call is the hourly look at what was left. */
export const isSweep = (event: unknown): boolean => Sweep.safeParse(event).success;

/** How many files have waited for hours to be protected, or couldn't be. */
export async function filesWaiting({ effects }: AwsLake, landing: Landing): Promise<number> {
  const keys = await landing.before(new Date(effects.clock.now().getTime() - WAITING_MS));
  return keys.filter((key) => !key.startsWith(SENT_PREFIX)).length;
}

/** Tells people of a file that nobody will protect any more; of what was sent to the service and never completed, nothing. */
async function tellExpired(key: string, lake: AwsLake): Promise<Protected> {
  if (key.startsWith(SENT_PREFIX)) return { bronze: [], refused: [] };
  const id = await refuseDrop(
    {
      dataset: datasetOfLandingKey(key) ?? '',
      title:
        'A file was removed from the landing bucket after a day, and was never protected: it reaches no table',
      nextCommand:
        'correct the file, the contract or the vault, as the alert of its refusal says, and drop it again',
      details: { key },
      reason: `expired:${key}`,
    },
    lake.effects,
  );
  return { bronze: [], refused: [id] };
}

async function keysOf(event: unknown, { effects }: AwsLake, landing: Landing): Promise<readonly string[]> {
  if (isSweep(event)) return await landing.before(new Date(effects.clock.now().getTime() - OWN_EVENT_MS));
  const dropped = ObjectCreated.safeParse(event);
  if (!dropped.success)
    throw new DataError('EVENT_SHAPE', 'This is no event of an object that was created: nothing was done.');
  const { key } = dropped.data.detail.object;
  return key.endsWith('/') ? [] : [key];
}

interface ProtectingOne {
  readonly lake: AwsLake;
  readonly landing: Landing;
  readonly bounds: ProtectBounds;
  readonly untilMs: number;
}

async function protectOne(key: string, protecting: ProtectingOne): Promise<Protected> {
  const { lake, landing, bounds, untilMs } = protecting;
  const file = await landing.find(key);
  if (file === undefined) return { bronze: [], refused: [] };
  const dataset = datasetOfLandingKey(key);
  if (dataset === undefined)
    return await refuse(lake, {
      dataset: '',
      key,
      why: `it lies in no dataset's folder (<domain>/<dataset>/)`,
    });
  const contract = await contractOf(dataset, lake);
  if (typeof contract === 'string') return await refuse(lake, { dataset, key, why: contract });
  const { sizeBytes } = file;
  if (sizeBytes > bounds.mostBytes)
    return await refuse(lake, { dataset, key, why: tooLarge(sizeBytes, bounds.mostBytes) });
  if (sizeBytes > bounds.wholeBytes)
    return await protectLarge(file, contract, { lake, landing, bounds, untilMs });
  const bronze: string[] = [];
  for await (const done of ingestProtected(lake, contract, [file])) {
    if (done.kind === 'ingested') bronze.push(done.source.key);
    else if (done.error instanceof DataError)
      return await refuse(lake, { dataset, key, why: messageOf(done.error) });
    else throw done.error;
  }
  await landing.remove(file satisfies LandedFile);
  return { bronze, refused: [] };
}

/** Protects a file by ranges, as far as this call comes. */
async function protectLarge(
  file: LandedFile,
  contract: SourceContract,
  { lake, landing, bounds, untilMs }: ProtectingOne,
): Promise<Protected> {
  const { key, sizeBytes } = file;
  const { dataset } = contract;
  try {
    const bronze = await protectInRanges(lake, contract, { file, limits: { ...bounds, untilMs } });
    if (bronze === undefined) return { bronze: [], refused: [], unfinished: [key] };
    await landing.remove(file);
    return { bronze: [bronze], refused: [] };
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const why =
      error.code === 'NOT_CUT'
        ? `${error.message}: ${tooLarge(sizeBytes, bounds.wholeBytes)}`
        : error.message;
    return await refuse(lake, { dataset, key, why });
  }
}

const tooLarge = (sizeBytes: number, mostBytes: number): string =>
  `it has ${sizeBytes} bytes, and ${mostBytes} are the most that functions protect of it in their time: have it dropped in several files, or bring it from a machine that has the time (assay ingest FILE --dataset D --target aws)`;

/** The contract of a protected dataset, or why there is none. */
async function contractOf(dataset: string, { effects }: AwsLake): Promise<SourceContract | string> {
  try {
    const contract = await usableContract(effects, await loadContracts(effects.contracts), dataset);
    if (isProtected(protectionOf(contract))) return contract;
    return `nothing of ${dataset} is protected: its files go to the bucket for Bronze`;
  } catch (error) {
    return messageOf(error).split('\n')[0] ?? '';
  }
}

async function refuse(
  { effects }: AwsLake,
  { dataset, key, why }: { readonly dataset: string; readonly key: string; readonly why: string },
): Promise<Protected> {
  const id = await refuseDrop(
    {
      dataset,
      title: `A file in the landing bucket was not protected, and reaches no table: ${why}`,
      nextCommand: `correct the file or the contract, and drop it again; it is removed from the landing bucket after a day`,
      details: { key },
      reason: `landing:${key}`,
    },
    effects,
  );
  return { bronze: [], refused: [id] };
}
