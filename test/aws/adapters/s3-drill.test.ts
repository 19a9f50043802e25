import path from 'node:path';
import { DeleteObjectsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { expect, test } from '@jest/globals';
import { s3DataStore } from '../../../adapters/aws/s3-data-store.ts';
import { s3ObjectStore } from '../../../adapters/aws/s3-object-store.ts';
import { pointersAreTheCatalog } from '../../../adapters/local/catalog.ts';
import { runWithoutWaits } from '../../../adapters/local/drill-ground.ts';
import { scratchOpener } from '../../../adapters/local/scratch.ts';
import { diceOf } from '../../../etl/drill/dice.ts';
import { drillContracts } from '../../../etl/drill/drill-contracts.ts';
import type { DrillGround } from '../../../etl/drill/ground.ts';
import { runDrill } from '../../../etl/drill/run-drill.ts';
import type { Effects } from '../../../etl/ports.ts';
import { tempFolder } from '../../adapters/temp-folder.ts';
import type { Fault } from '../support/faults.ts';
import { faultsClient } from '../support/faults-client.ts';
import { type TestBucket, testBucket } from './test-bucket.ts';

/** The crash drill on S3's own interface: every story in a bucket, and S3 has bad days besides. */

/** More by hand: DRILL_POINTS=200. */
const POINTS = Number(process.env.DRILL_POINTS ?? 10);
const SEED = Number(process.env.DRILL_SEED ?? 21);

const faults = faultsClient(process.env.AWS_ENDPOINT_URL ?? '');
const slowDown = { status: 503, code: 'SlowDown', message: 'Reduce your request rate.' } as const;
const internal = {
  status: 500,
  code: 'InternalError',
  message: 'We encountered an internal error.',
} as const;
const refused = { status: 412, code: 'PreconditionFailed', message: 'At least one did not hold.' } as const;

type BadLuck = Omit<Fault, 'times'>;

/** One request of a kind that goes wrong on its way. */
const BAD_LUCK: readonly [BadLuck, ...BadLuck[]] = [
  { meets: { method: 'PUT' }, action: { kind: 'answer', ...slowDown } },
  { meets: { method: 'PUT' }, action: { kind: 'answer-after', ...internal } },
  { meets: { method: 'PUT', path: '_LATEST' }, action: { kind: 'answer-after', ...slowDown } },
  { meets: { method: 'PUT', path: '_LATEST' }, action: { kind: 'answer', ...refused } },
  { meets: { method: 'PUT', path: 'parquet' }, action: { kind: 'drop' } },
  { meets: { method: 'GET' }, action: { kind: 'drop' } },
  { meets: { method: 'GET' }, action: { kind: 'answer', ...internal } },
  { meets: { method: 'DELETE' }, action: { kind: 'answer-after', ...slowDown } },
];

const dice = diceOf(SEED);
let struck = 0;

const ground: DrillGround = {
  async open(clock) {
    const bucket = await testBucket();
    const temp = await tempFolder();
    const objects = s3ObjectStore(bucket.place);
    const data = s3DataStore(bucket.place, objects, path.join(temp.folder, 'copies'));
    const effects: Effects = {
      objects,
      data,
      openScratch: scratchOpener(path.join(temp.folder, 'scratch')),
      contracts: drillContracts,
      clock,
      alerts: { send: async () => undefined },
      catalog: pointersAreTheCatalog,
      engine: { memoryLimitMb: 200, threads: 1, folders: [path.join(temp.folder, 'copies')] },
      digestKey: () => 'drill',
    };
    return {
      effects,
      async dispose() {
        await data.forgetCopies();
        await empty(bucket);
        await bucket.dispose();
        await temp.dispose();
      },
    };
  },
  async execute(run, effects) {
    const ids: string[] = [];
    for (let wanted = dice.int(0, 3); wanted > 0; wanted--)
      ids.push(await faults.add({ ...dice.pick(BAD_LUCK), times: dice.int(1, 2) }));
    try {
      return await runWithoutWaits(run, effects);
    } finally {
      for (const id of ids) struck += await faults.struck(id);
      await faults.clear();
    }
  },
};

async function empty({ place, name }: TestBucket): Promise<void> {
  for (;;) {
    const { Contents = [] } = await place.s3.send(new ListObjectsV2Command({ Bucket: name }));
    if (Contents.length === 0) return;
    const Objects = Contents.map(({ Key }) => ({ Key }));
    await place.s3.send(new DeleteObjectsCommand({ Bucket: name, Delete: { Objects } }));
  }
}

test(
  'loses nothing, doubles nothing and publishes no half',
  async () => {
    const drill = await runDrill(ground, { points: POINTS, seed: SEED });
    console.log(JSON.stringify({ ...drill, struck }));
    expect(drill.problems).toEqual([]);
    expect(drill.damage.kills).toBeGreaterThan(0);
    expect(drill.races).toBeGreaterThan(0);
    expect(struck).toBeGreaterThan(0);
  },
  60_000 + POINTS * 15_000,
);
