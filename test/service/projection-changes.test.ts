import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { EventSource } from 'eventsource';
import { createClient } from 'graphql-sse';
import { answerOf } from '../../adapters/aws/http-api.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { runMain } from '../cli/run-main.ts';
import { until } from '../support/until.ts';
import { type AskedService, openService } from './open-service.ts';

/** Changes of a projection, as the package eventsource hears them; what is expected is told from the files by JSON.parse. */

const CHANGES = '/v1/projections/products.held/changes';
let cwd: string;
let dispose: () => Promise<void>;
let service: AskedService;
beforeAll(async () => {
  ({ folder: cwd, dispose } = await tempFolder());
  await cp('examples/products', cwd, { recursive: true });
  expect((await runMain(['init'], { cwd })).code).toBe(0);
  service = await openService(cwd);
});
const open: EventSource[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});
afterAll(async () => {
  await service.close();
  await dispose();
});

interface Heard {
  readonly kind: string;
  readonly id: string;
  readonly data: {
    readonly stream: string;
    readonly version: string;
    readonly snapshot: number;
    readonly rows: readonly Readonly<Record<string, unknown>>[];
  };
}

/** A client of server-sent events, and what it heard. */
function listen(at: string, { of = service, lastEventId }: { of?: AskedService; lastEventId?: string } = {}) {
  const heard: Heard[] = [];
  const source = new EventSource(`http://assay.test:1${at}`, {
    fetch: async (url, init) => {
      const headers = new Headers(init.headers);
      if (lastEventId !== undefined && !headers.has('last-event-id'))
        headers.set('last-event-id', lastEventId);
      const { pathname, search } = new URL(url);
      return await of.ask(pathname + search, { headers, signal: init.signal as AbortSignal });
    },
  });
  open.push(source);
  for (const kind of ['ready', 'change', 'reset'])
    source.addEventListener(kind, ({ data, lastEventId: id }) =>
      heard.push({ kind, id, data: JSON.parse(data) }),
    );
  const untilHeard = (what: string, isSo: () => boolean): Promise<void> =>
    until(`the client hears ${what}`, isSo, () => JSON.stringify(heard));
  return { heard, untilHeard, source };
}

const publish = async (file: string): Promise<void> => {
  for (const line of [['ingest', file, '--dataset', 'products.events'], ['run']])
    expect((await runMain(line, { cwd })).code).toBe(0);
};

/** Version and price of the last event of each stream. */
async function lastOf(names: readonly string[]): Promise<Map<string, string>> {
  const texts = await Promise.all(
    names.map((name) => readFile(path.join('examples/products', name), 'utf8')),
  );
  const events = texts.flatMap((text) => text.trim().split('\n')).map((line) => JSON.parse(line));
  const last = new Map<string, { version: number; price: string }>();
  for (const { customer_product_id: stream, version, monthly_price } of events.sort(
    (a, b) => a.version - b.version,
  ))
    last.set(stream, { version, price: monthly_price ?? last.get(stream)?.price });
  return new Map([...last].sort().map(([stream, { version, price }]) => [stream, `${version} ${price}`]));
}
const held = (heard: readonly Heard[]): Map<string, string> =>
  new Map(
    heard
      .filter(({ kind }) => kind === 'change')
      .map(({ data }): [string, string] => [data.stream, `${data.version} ${data.rows[0]?.monthly_price}`])
      .sort(),
  );
const [JANUARY, FEBRUARY, MARCH] = ['2026-01.jsonl', '2026-02.jsonl', '2026-03.jsonl'];

test('a client hears each stream that changed, and goes on behind any event that it heard', async () => {
  expect((await readdir(cwd)).filter((name) => name.endsWith('.jsonl'))).toEqual([JANUARY, FEBRUARY, MARCH]);
  const first = listen(CHANGES);
  const one = listen(`${CHANGES}?stream=CP-004`);
  await first.untilHeard('that it is ready', () => first.heard.length === 1);
  await one.untilHeard('that it is ready', () => one.heard.length === 1);
  expect(first.heard).toMatchObject([{ kind: 'ready', id: '0', data: { snapshot: 0 } }]);
  await publish(JANUARY);
  const january = await lastOf([JANUARY]);
  await first.untilHeard('January', () => first.heard.length > january.size);
  expect(held(first.heard)).toEqual(january);
  expect(new Set(first.heard.map(({ id }) => id)).size).toBe(first.heard.length);
  await publish(FEBRUARY);
  const both = await lastOf([JANUARY, FEBRUARY]);
  const isSame = (a: Map<string, string>, b: Map<string, string>) =>
    JSON.stringify([...a]) === JSON.stringify([...b]);
  await first.untilHeard('February', () => isSame(held(first.heard), both));
  await one.untilHeard('both', () => held(one.heard).get('CP-004') === both.get('CP-004'));
  expect(new Set(one.heard.slice(1).map(({ data }) => data.stream))).toEqual(new Set(['CP-004']));
  // Cut off behind each event of January, and back now: the rest of January, and February.
  const known = first.heard.slice(0, january.size + 1);
  for (const n of [0, 1, Math.floor(january.size / 2), january.size]) {
    const again = listen(CHANGES, { lastEventId: known[n]?.id ?? '' });
    await again.untilHeard('the rest', () =>
      isSame(new Map([...held(known.slice(0, n + 1)), ...held(again.heard)].sort()), both),
    );
    expect(again.heard.every(({ kind }) => kind === 'change')).toBe(true);
    const rest = again.heard.filter(({ data }) => data.snapshot === known.at(-1)?.data.snapshot);
    if (n > 0 && n < january.size)
      expect(rest.map(({ data }) => data.stream)).toEqual(known.slice(n + 1).map(({ data }) => data.stream));
    again.source.close();
  }
});

test('a place that is unknown is answered by a reset, a wrong one by an error, and a snapshot is a place', async () => {
  const { snapshotId } = (await service.json('/v1/projections/products.held')) as { snapshotId: number };
  const lost = listen(CHANGES, { lastEventId: '17' });
  await lost.untilHeard('a reset', () => lost.heard.length > 0);
  expect(lost.heard).toMatchObject([
    { kind: 'reset', id: String(snapshotId), data: { snapshot: snapshotId, why: 'expired' } },
  ]);
  const all = listen(`${CHANGES}?since=0`);
  const both = await lastOf([JANUARY, FEBRUARY]);
  await all.untilHeard('everything', () => held(all.heard).size === both.size);
  expect(held(all.heard)).toEqual(both);
  const later = listen(`${CHANGES}?since=${snapshotId}`);
  await publish(MARCH);
  const march = await lastOf([JANUARY, FEBRUARY, MARCH]);
  await later.untilHeard('March', () => [...held(later.heard)].some(([, last]) => last !== undefined));
  for (const [stream, last] of held(later.heard)) expect(last).toBe(march.get(stream));
  for (const query of ['since=now', 'since=1-2', 'streams=CP-004'])
    expect([query, (await service.ask(`${CHANGES}?${query}`)).status]).toEqual([query, 400]);
  expect((await service.ask('/v1/projections/products.events/changes')).status).toBe(404);
});

const SUBSCRIPTION = `subscription ($since: String, $stream: String) {
  products__held_Changes(since: $since, stream: $stream) {
    kind place stream version snapshotId rows { monthly_price products__sold { nodes { sold_because } } }
  }
}`;
interface Result {
  readonly errors?: readonly unknown[];
  readonly data?: {
    readonly products__held_Changes: {
      readonly kind: string;
      readonly place: string;
      readonly stream: string;
      readonly version: string;
      readonly rows: readonly {
        readonly monthly_price: string;
        readonly products__sold: { readonly nodes: readonly { readonly sold_because: string }[] };
      }[];
    };
  } | null;
}

test('a subscription of GraphQL tells the same, to the client of graphql-sse, with what rows lead to', async () => {
  const client = createClient({
    url: 'http://assay.test:1/graphql',
    retryAttempts: 0,
    fetchFn: (_: unknown, init: RequestInit) => service.ask('/graphql', init),
  });
  const follow = (variables: Record<string, string>) =>
    client.iterate({ query: SUBSCRIPTION, variables }) as AsyncIterableIterator<Result>;
  const all = await lastOf([JANUARY, FEBRUARY, MARCH]);
  const told: NonNullable<Result['data']>['products__held_Changes'][] = [];
  for await (const { data, errors } of follow({ since: '0' })) {
    expect(errors).toBeUndefined();
    if (data !== undefined && data !== null) told.push(data.products__held_Changes);
    if (told.length === all.size) break;
  }
  const seen = told.map(({ stream, version, rows }): [string, string] => [
    stream,
    `${version} ${rows[0]?.monthly_price}`,
  ]);
  expect(new Map(seen)).toEqual(all);
  const [, sold] =
    /"CP-006".*?"reason": *"([^"]*)"/.exec(await readFile(`examples/products/${JANUARY}`, 'utf8')) ?? [];
  const [row] = told.find(({ stream }) => stream === 'CP-006')?.rows ?? [];
  expect(row?.products__sold.nodes).toEqual([{ sold_because: sold }]);
  // From the middle, one stream alone.
  const place = told[1]?.place ?? '';
  const [, , , fourth] = told;
  for await (const { data } of follow({ since: place, stream: fourth?.stream ?? '' })) {
    expect(data?.products__held_Changes).toEqual(fourth);
    break;
  }
  const refused = async (query: string, variables = {}): Promise<number> => {
    const body = JSON.stringify({ query, variables });
    const headers = { accept: 'text/event-stream', 'content-type': 'application/json' };
    return (await service.ask('/graphql', { method: 'POST', body, headers })).status;
  };
  expect(await refused('{ datasets { name } }')).toBe(400);
  expect(await refused('subscription { products__nothing_Changes { kind } }')).toBe(400);
  expect(await refused(SUBSCRIPTION, { since: 'now' })).toBe(400);
  client.dispose();
});

test('values that a role may not see are masked, the names of streams, too', async () => {
  const contract = path.join(cwd, 'contracts/products/held.yaml');
  const text = await readFile(contract, 'utf8');
  const viewer = await openService(cwd, { name: 'vic', roles: ['viewer'] });
  const heardOf = async (of: AskedService) => {
    const { heard, untilHeard } = listen(`${CHANGES}?since=0`, { of });
    const { size } = await lastOf([JANUARY, FEBRUARY, MARCH]);
    await untilHeard('everything', () => heard.length === size);
    return heard.map(({ data }) => data);
  };
  try {
    const events = path.join(cwd, 'contracts/products/events.yaml');
    const eventsText = await readFile(events, 'utf8');
    const ofVersion = /(name: version\n(?: +\w.*\n)*? +classification: )\w+/;
    await writeFile(events, eventsText.replace(ofVersion, '$1confidential'));
    expect(new Set((await heardOf(viewer)).map(({ version }) => version))).toEqual(new Set([null]));
    expect((await heardOf(service)).every(({ version }) => Number(version) > 0)).toBe(true);
    await writeFile(events, eventsText);
    for (const column of ['customer', 'customer_product_id']) {
      const name = new RegExp(`(name: ${column}\\n(?: +\\w.*\\n)*? +classification: )\\w+`);
      expect(text).toMatch(name);
      await writeFile(contract, text.replace(name, '$1confidential'));
      const [seen, all] = [await heardOf(viewer), await heardOf(service)];
      expect(seen.map(({ rows }) => rows[0]?.[column])).toEqual(all.map(() => '•••'));
      expect(seen.map(({ rows: [row] }) => ({ ...row, [column]: '' }))).toEqual(
        all.map(({ rows: [row] }) => ({ ...row, [column]: '' })),
      );
      expect(all.every(({ rows }) => /^CP?-\d+$/.test(String(rows[0]?.[column])))).toBe(true);
      const isNamed = column === 'customer';
      expect(seen.map(({ stream }) => stream)).toEqual(all.map(({ stream }) => (isNamed ? stream : '•••')));
      const { status } = await viewer.ask(`${CHANGES}?stream=CP-004&since=17`);
      expect([column, status]).toEqual([column, isNamed ? 200 : 403]);
    }
  } finally {
    await writeFile(contract, text);
    await viewer.close();
  }
});

test('behind a gateway that hands on whole answers, piece after piece comes, and nothing twice', async () => {
  const code = path.join(cwd, 'projections/products/held.ts');
  const text = await readFile(code, 'utf8');
  // Two of these rows are more than a piece.
  const long = "product: product + 'x'.repeat(150_000), status: 'active'";
  expect(text).toContain("product, status: 'active'");
  await writeFile(code, text.replace("product, status: 'active'", long));
  expect((await runMain(['project', 'products.held'], { cwd })).code).toBe(0);
  const all = await lastOf([JANUARY, FEBRUARY, MARCH]);
  const streams: string[] = [];
  let [lastEventId, answers] = ['0', 0];
  while (streams.length < all.size) {
    const answer = await service.ask(CHANGES, { headers: { 'last-event-id': lastEventId } });
    const { statusCode, body } = await answerOf(answer, () => Promise.reject(new Error('too large')));
    answers += 1;
    expect([statusCode, body.startsWith('retry: ')]).toEqual([200, true]);
    for (const block of body.split('\n\n')) {
      lastEventId = /^id: (.*)$/m.exec(block)?.[1] ?? lastEventId;
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data !== undefined) streams.push(JSON.parse(data).stream);
    }
  }
  expect(streams).toEqual([...all.keys()]);
  expect(answers).toBe(all.size / 2);
});
