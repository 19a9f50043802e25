import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { assay } from '../cli/assay.ts';
import { readSession } from './support/broker-control.ts';
import { asAdmin, createTopic } from './support/clients.ts';

/** `assay demo --stream --bootstrap`, and what is left of it at the broker, as kafkajs sees it. */

const { plain } = readSession();
const OWN = ['raw.orders.events', 'signal_factory.evidence'];

let cwd = '';
afterEach(async () => {
  await rm(cwd, { recursive: true, force: true });
});

const topics = async (): Promise<string[]> =>
  (await asAdmin(plain, (admin) => admin.listTopics())).filter((name) => OWN.includes(name));

test('the demo goes through topics of its own, which are gone afterwards, and leaves those of others', async () => {
  cwd = await mkdtemp(path.join(tmpdir(), 'assay-demo-'));
  const demo = async () => await assay(['demo', '--stream', '--bootstrap', plain], { cwd });
  const { code, out, err } = await demo();
  expect(code === 0 ? '' : `${code}: ${err}`).toBe('');
  // Eight orders, then nine; each printed by the query that the demo has typed.
  expect(out).toMatch(/\n8 rows\.\n[\s\S]*\n9 rows\.\n/);
  expect(out).toContain(`$ assay enforce --bootstrap ${plain} --topic raw.orders.events`);
  expect(out).toMatch(/^\$ assay redrive [0-9a-f]{16} .* --bootstrap /m);
  expect(await topics()).toEqual([]);
  await createTopic(plain, OWN[0] ?? '', { partitions: 1, config: {} });
  const again = await demo();
  expect(again).toMatchObject({ code: 2, err: expect.stringContaining('has the topic raw.orders.events') });
  expect(await topics()).toEqual([OWN[0]]);
  await asAdmin(plain, (admin) => admin.deleteTopics({ topics: OWN.slice(0, 1) }));
}, 900_000);
