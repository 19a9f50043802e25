import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { evidenceKey } from '../../etl/naming/streams.ts';
import type { Evidence } from '../../stream/evidence/evidence.ts';
import type { Incident } from '../../stream/signals/incident.ts';
import { runMain } from '../cli/run-main.ts';
import { type OrdersLake, openOrders } from '../stream/orders.ts';
import { type AskedService, openService } from './open-service.ts';

const URN = 'urn:dp:orders:created';
const EVENTS = 30;

let lake: OrdersLake;
let service: AskedService;
beforeAll(async () => {
  lake = await openOrders();
  const lines = Array.from({ length: EVENTS }, (_, n) =>
    JSON.stringify({
      order_id: `o-${n}`,
      ...(n % 3 === 0 ? {} : { customer_id: 'c' }),
      placed_at: '2026-01-13T12:01:02Z',
    }),
  );
  await writeFile(path.join(lake.folder, 'events.jsonl'), `${lines.join('\n')}\n`);
  const args = ['--topic', 'raw.orders.events', '--dataset', 'orders.created', '--no-run'];
  const { code, err } = await runMain(['enforce', '--from', 'events.jsonl', ...args], { cwd: lake.folder });
  expect({ code, err }).toEqual({ code: 1, err: '' });
  service = await openService(lake.folder);
});
afterAll(async () => {
  await service.close();
  await lake.dispose();
});

interface Page {
  readonly evidence: readonly Evidence[];
  readonly next: string | null;
}
const ask = async (query: string): Promise<Page> => (await service.json(`/v1/evidence?${query}`)) as Page;
const offsets = ({ evidence }: Page): number[] => evidence.map(({ source }) => source.offset);

test('evidence of a dataset comes in pages that have each event once', async () => {
  const seen: number[] = [];
  let cursor = '';
  for (let pages = 1; ; pages++) {
    const page = await ask(`dataset_urn=${URN}&limit=7${cursor}`);
    expect(page.evidence.length).toBeLessThanOrEqual(7);
    seen.push(...offsets(page));
    if (page.next === null) break;
    expect(pages).toBeLessThan(6);
    cursor = `&cursor=${page.next}`;
  }
  expect(seen).toEqual(Array.from({ length: EVENTS }, (_, n) => EVENTS - 1 - n));
});

test('is found by result, gate, reason, topic, place and id', async () => {
  const failed = Array.from({ length: EVENTS / 3 }, (_, n) => n * 3).reverse();
  for (const query of ['result=FAIL', 'gate=CONTRACT', 'reason=NULL_VALUE', 'reason=NULL_VALUE:customer_id'])
    expect(offsets(await ask(`dataset_urn=${URN}&${query}`))).toEqual(failed);
  expect(offsets(await ask('topic=raw.orders.events&partition=0&offset=4'))).toEqual([4]);
  const [one] = (await ask(`dataset_urn=${URN}&limit=1`)).evidence;
  expect((await ask(`id=${one?.evidence_id}`)).evidence).toEqual([one]);
  for (const query of [`dataset_urn=urn:dp:unknown`, 'gate=PII', 'topic=other', 'result=PASS&gate=CONTRACT'])
    expect((await ask(query)).evidence).toEqual([]);
});

test.each(['dataset_urn=orders.created', 'gate=FIRST', 'limit=0', 'cursor=x', 'id=evd', 'offset=-1'])(
  'a question that says %s is malformed',
  async (query) => {
    expect((await service.ask(`/v1/evidence?${query}`)).status).toBe(400);
  },
);

test('an object that is no evidence is told, and not passed over', async () => {
  const place = { cluster: 'c1', topicId: 'life', partition: 0 };
  const key = evidenceKey('orders.paid', { place, offset: 0, at: '2026-01-13T12:01:02.120Z' });
  await lake.effects.objects.put(key, Buffer.from('{"evidence_id": 7}\n'));
  expect((await service.ask('/v1/evidence?dataset_urn=urn:dp:orders:paid')).status).toBe(500);
});

test('what is wrong with the events is an incident, open until it is over', async () => {
  const { incidents } = (await service.json(`/v1/incidents?dataset_urn=${URN}`)) as { incidents: Incident[] };
  expect(incidents.map(({ kind }) => kind).sort()).toEqual(['COMPLIANCE', 'CONTRACT_BREAKAGE']);
  const [first] = incidents;
  const alert = await readFile(
    path.join(lake.folder, `lake/ops/alerts/${first?.id}-incident-opened.json`),
    'utf8',
  );
  expect(JSON.parse(alert)).toMatchObject({
    dataset: 'orders.created',
    nextCommand: `assay incidents show ${first?.id}`,
  });
  expect(await service.json(`/v1/incidents/${first?.id}`)).toEqual(first);
  expect(first?.cause).toMatchObject({
    reason: 'NULL_VALUE:customer_id',
    failed: 10,
    first_bad: { offset: 0 },
  });
  expect(await service.json('/v1/incidents?dataset_urn=urn:dp:orders:paid')).toEqual({
    incidents: [],
    next: null,
  });
  expect(await service.json('/v1/incidents?state=CLOSED')).toEqual({ incidents: [], next: null });
  // Twice as many good events: nine of ten pass in the newest five minutes.
  const lines = Array.from({ length: 300 }, (_, n) =>
    JSON.stringify({ order_id: `p-${n}`, customer_id: 'c', placed_at: '2026-01-13T12:01:02Z' }),
  );
  await writeFile(path.join(lake.folder, 'more.jsonl'), `${lines.join('\n')}\n`);
  const args = ['--topic', 'raw.orders.events', '--dataset', 'orders.created', '--no-run'];
  await runMain(['enforce', '--from', 'more.jsonl', ...args], { cwd: lake.folder });
  const after = (await service.json('/v1/incidents')) as { incidents: Incident[] };
  expect(after.incidents.map(({ kind }) => kind)).not.toContain('COMPLIANCE');
  const over = (await service.json('/v1/incidents?state=CLOSED&limit=1')) as { incidents: Incident[] };
  expect(over.incidents).toMatchObject([{ state: 'CLOSED' }]);
  const id = over.incidents[0]?.id ?? '';
  expect(await service.json(`/v1/incidents/${id}`)).toEqual(over.incidents[0]);
  expect((await service.ask('/v1/incidents/inc-20260101T000000000Z-0123456789abcdef')).status).toBe(404);
  expect((await service.ask('/v1/incidents/other')).status).toBe(400);
  const { out } = await runMain(['incidents', 'list', '--all', '--json'], { cwd: lake.folder });
  expect((JSON.parse(out) as Incident[]).map((one) => one.id)).toContain(id);
  const shown = await runMain(['incidents', 'show', id], { cwd: lake.folder });
  expect([shown.code, shown.out]).toEqual([0, expect.stringContaining('NULL_VALUE:customer_id')]);
  expect((await runMain(['incidents', 'show', 'inc-1'], { cwd: lake.folder })).code).toBe(2);
});
