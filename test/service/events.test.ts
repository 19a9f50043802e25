import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startAssay } from '../cli/assay.ts';
import type { Shop } from '../cli/shop.ts';
import { until } from '../support/until.ts';
import type { AskedService } from './open-service.ts';
import { openShopService, type ShopService } from './shop-service.ts';

const HEADER = 'sale_id,customer,amount,sold_on\n';

let shop: Shop;
let service: AskedService;
let ingest: ShopService['ingest'];
let dispose: ShopService['dispose'];
beforeAll(async () => {
  ({ shop, service, ingest, dispose } = await openShopService());
});
afterAll(() => dispose());

interface Event {
  readonly id: string;
  readonly event: string;
  readonly data: { readonly status: string; readonly runId: string; readonly stage: string | null };
}
/** The events of a stream that has ended, read as the HTML standard says. */
const eventsOf = (text: string): Event[] =>
  text
    .split('\n\n')
    .filter((block) => block.includes('data: '))
    .map((block) => {
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s, 2)));
      return { ...fields, data: JSON.parse(fields.data ?? 'null') } as Event;
    });

const startRun = async (): Promise<string> => {
  const answer = await service.post('/v1/runs', { dataset: 'shop.sales' });
  return ((await answer.json()) as { runs: { runId: string }[] }).runs[0]?.runId ?? '';
};

test('a run is followed from its beginning to its end, and one who has heard the end is sent away', async () => {
  const rows = Array.from({ length: 50_000 }, (_, n) => `${n},Ann,1.00,2024-03-01\n`);
  await ingest('a.csv', HEADER + rows.join(''));
  const runId = await startRun();
  const answer = await service.ask(`/v1/runs/${runId}/events`);
  expect(answer.headers.get('content-type')).toBe('text/event-stream');
  const events = eventsOf(await answer.text());
  const last = events.at(-1);
  expect(events.map(({ event }) => event)).toEqual([...events.slice(1).map(() => 'change'), 'end']);
  expect(last?.data).toEqual(await service.json(`/v1/runs/${runId}`));
  expect(last?.data).toMatchObject({ runId, status: 'promoted', counts: { silver: 50_000 } });
  // Some stage was seen between the beginning and the end.
  expect(events.some(({ data }) => data.status === 'running' && data.stage !== null)).toBe(true);
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  const again = await service.ask(`/v1/runs/${runId}/events`, {
    headers: { 'last-event-id': last?.id ?? '' },
  });
  expect(again.status).toBe(204);
  const late = await service.ask(`/v1/runs/${runId}/events`);
  expect(eventsOf(await late.text()).map(({ event }) => event)).toEqual(['end']);
});

test('there are no events of a run that there is not', async () => {
  expect((await service.ask('/v1/runs/none/events')).status).toBe(404);
});

test('the lake’s events tell which runs are under way', async () => {
  const answer = await service.ask('/v1/events');
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  const first = eventsOf((await reader?.read())?.value ?? '');
  expect(first).toMatchObject([{ event: 'change', data: { underWay: [] } }]);
  await ingest('b.csv', `${HEADER}x,Ann,1.00,2024-03-01\n`);
  const runId = await startRun();
  // While it is under way, or at the latest when its record is there.
  let told = '';
  for (let isOver = false; !told.includes(runId) && !isOver; ) {
    const piece = await reader?.read();
    [told, isOver] = [piece?.value ?? '', piece?.done !== false];
  }
  expect(eventsOf(told)).toMatchObject([{ event: 'change' }]);
  await reader?.cancel();
});

test('20 streams are open to one person; one whose client was killed is free again, and all end with the service', async () => {
  const child = startAssay(['serve', '--port', '0', '--json'], shop);
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  const { url, token }: { url: string; token: string } = JSON.parse(String(line));
  const open = async (): Promise<IncomingMessage> => {
    const request = get(`${url}/v1/events`, { headers: { authorization: `Bearer ${token}` }, agent: false });
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    answer.on('error', () => undefined);
    return answer;
  };
  const streams: IncomingMessage[] = [];
  for (let n = 0; n < 20; n++) streams.push(await open());
  expect(streams.map(({ statusCode }) => statusCode)).toEqual(streams.map(() => 200));
  const refused = await open();
  expect(refused.statusCode).toBe(429);
  refused.destroy();
  streams[0]?.socket.destroy();
  let next = await open();
  await until('a stream is free again', async () => {
    if (next.statusCode !== 429) return true;
    next.destroy();
    next = await open();
    return false;
  });
  expect(next.statusCode).toBe(200);
  const ended = once(next.resume(), 'end');
  child.kill('SIGTERM');
  await ended;
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
});
