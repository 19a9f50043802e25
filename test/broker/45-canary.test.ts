import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { assay } from '../cli/assay.ts';
import { until } from '../support/until.ts';
import { readSession } from './support/broker-control.ts';
import { asAdmin, newTopic, readTopic } from './support/clients.ts';
import {
  evidencePlaces,
  openStreamLake,
  placesOf,
  type StreamLake,
  untilDone,
  writeOrders,
} from './support/enforcing.ts';

/** A canary beside the enforcer that lands, as kafkajs and the lake's folder tell it. */

const session = readSession();
const { plain } = session;

let lake: StreamLake | undefined;
afterEach(async () => {
  await lake?.dispose();
  lake = undefined;
});

/** Folders that work is done in. */
const WORKING = ['.scratch', '.tmp'];

/** All that a lake keeps, and what was left where work is done. */
const filesOf = async ({ cwd }: StreamLake): Promise<string[]> =>
  (await readdir(path.join(cwd, 'lake'), { recursive: true }))
    .filter((name) => !WORKING.includes(name))
    .sort();

test('a canary judges what the enforcer judges, in a group and a topic of its own, and lands, sends on and keeps nothing', async () => {
  const [blessed, canaryTopic] = [await newTopic(plain), await newTopic(plain)];
  const policy = `enforcement_mode: REPUBLISH_PASS_ONLY\nrepublish_topic: ${blessed}`;
  lake = await openStreamLake(session, { partitions: 2, policy });
  const { topic, evidenceTopic } = lake;
  await writeOrders(plain, topic, { from: 0, count: 60, aborted: 3 });
  const before = await filesOf(lake);
  const group = `canary-${topic}`;
  const canary = lake.start('--canary', '--group', group, '--evidence-topic', canaryTopic);
  const committed = placesOf(await readTopic(plain, topic));
  expect(committed).toHaveLength(60);
  let seen: unknown;
  await until(
    'the canary has judged and kept its offsets',
    async () => {
      const [offsets] = await asAdmin(plain, (admin) =>
        admin.fetchOffsets({ groupId: group, topics: [topic] }),
      );
      const places = [...(await evidencePlaces(plain, canaryTopic)).values()].sort();
      seen = { places: places.length, offsets };
      // Markers of the transactions stand behind the last records.
      const kept = (offsets?.partitions ?? []).reduce(
        (sum, { offset }) => sum + Math.max(0, Number(offset)),
        0,
      );
      return JSON.stringify(places) === JSON.stringify(committed) && kept >= 60;
    },
    () => `${JSON.stringify(seen)} ${canary.err()}`,
  );
  expect(await canary.end('SIGTERM')).toBe(0);
  expect(await filesOf(lake)).toEqual(before);
  expect(await readTopic(plain, blessed)).toEqual([]);
  expect(await readTopic(plain, evidenceTopic)).toEqual([]);
  // The enforcer itself goes on as if there were none, and finds the same.
  const enforcer = lake.start();
  await untilDone(plain, lake, 2);
  expect(await enforcer.end('SIGTERM')).toBe(0);
  const ids = async (of: string): Promise<string[]> => [...(await evidencePlaces(plain, of)).keys()].sort();
  expect(await ids(canaryTopic)).toEqual(await ids(evidenceTopic));
  expect((await lake.lines('bronze')).length).toBe(60);
  expect((await readTopic(plain, blessed)).length).toBe(58);
});

test.each([
  [[], '--canary needs --group'],
  [['--group', 'mine'], '--canary needs --evidence-topic'],
  [['--group', 'mine', '--evidence-topic', 'signal_factory.evidence'], '--canary needs --evidence-topic'],
])('a canary with %j would disturb the enforcer, and is refused', async (more, why) => {
  const args = ['enforce', '--bootstrap', plain, '--topic', 'raw', '--canary', ...more];
  const { code, err } = await assay(args, { cwd: '/' });
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(why) });
});
