import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { foldRunner } from '../../adapters/local/fold-worker/fold-worker.ts';
import { startWorker } from '../../adapters/local/fold-worker/start-worker.ts';
import type { EventValue, FoldWorker, StreamEvents } from '../../etl/projecting/fold-runner.ts';
import { readStateJson } from '../../etl/projecting/state-json.ts';

const COLUMNS = [
  { name: 'version', type: { kind: 'int' } },
  { name: 'at', type: { kind: 'timestamptz' } },
  { name: 'id', type: { kind: 'string' } },
  { name: 'amount', type: { kind: 'decimal', precision: 18, scale: 2 } },
  { name: 'big', type: { kind: 'long' } },
] as const;

let opened: FoldWorker | undefined;
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});

async function open(text: string, options: Parameters<typeof foldRunner>[0] = {}): Promise<FoldWorker> {
  opened = await foldRunner(options).open({
    ...{ file: 'shop/carts.ts', text, dataset: 'shop.carts', columns: COLUMNS },
    places: { version: 0, at: 1, id: 2 },
  });
  return opened;
}

/** Streams `a`, `b`, …, each with so many events. */
function batchOf(...counts: readonly number[]): StreamEvents {
  const streams = counts.map((events, n) => ({ stream: String.fromCharCode(97 + n), events }));
  const versions = counts.flatMap((events) => Array.from({ length: events }, (_, n) => n + 1));
  const columns: EventValue[][] = [
    versions,
    versions.map((n) => `2026-01-01T00:00:0${n % 10}.000000Z`),
    versions.map((_, n) => `e${n}`),
    versions.map((n) => `${n}.50`),
    versions.map((n) => (n % 2 === 0 ? null : '9007199254740993')),
  ];
  return { streams, columns };
}

const SUMS = `
  import type { CartState, Event } from './carts.types.ts';
  export const initial: CartState = { events: 0, sum: '0', big: 0n };
  export function apply(state: CartState, event: Event): CartState {
    return { events: state.events + 1, sum: decimal.add(state.sum, event.amount), big: state.big + (event.big ?? 0n) };
  }`;

describe('a fold', () => {
  test('gives the state and the row of each stream, longs and decimals exact', async () => {
    const worker = await open(SUMS);
    const [a, b] = await worker.fold(batchOf(3, 1));
    expect(a).toMatchObject({ stream: 'a' });
    expect(a?.rows).toEqual([{ events: 3, sum: '7.50', big: 18014398509481986n }]);
    expect(readStateJson(b?.state ?? '')).toEqual({ events: 1, sum: '1.50', big: 9007199254740993n });
  });

  test('goes on from a state as if all events had come at once', async () => {
    const worker = await open(SUMS);
    const [whole] = await worker.fold(batchOf(5));
    const { columns } = batchOf(5);
    const part = async (from: number, to: number, state?: string) => {
      const stream = { stream: 'a', events: to - from, ...(state === undefined ? {} : { state }) };
      const [folded] = await worker.fold({
        streams: [stream],
        columns: columns.map((values) => values.slice(from, to)),
      });
      return folded;
    };
    const first = await part(0, 2);
    expect(await part(2, 5, first?.state)).toEqual(whole);
  });

  test('gives the rows that code makes of a state, and none of a state that is null', async () => {
    const rows = await open(
      `export const initial = []; export const apply = (s, e) => [...s, e.id];
       export const rows = (s) => s.map((id, n) => ({ n, id }));`,
    );
    const [folded] = await rows.fold(batchOf(2));
    expect(folded?.rows).toEqual([
      { n: 0, id: 'e0' },
      { n: 1, id: 'e1' },
    ]);
    await rows.close();
    const none = await open('export const apply = () => null;');
    expect((await none.fold(batchOf(1)))[0]?.rows).toEqual([]);
  });
});

describe('code that fails', () => {
  test.each([
    ['export const initial = {};', 'exports no function apply'],
    ['export function apply(', "can't be"],
    ["import fs from 'node:fs'; export const apply = () => fs;", 'The module node:fs'],
    ["throw new Error('at once'); export const apply = () => 1;", 'at once'],
    ['export const initial = () => ({}); export const apply = (s) => s;', 'an initial that JSON can not say'],
    ['throw new Proxy({}, { get() { throw 1; } });', 'what can not be read'],
    ['throw { get message() { throw 1; } };', 'what can not be read'],
    ['throw { message: Object.create(null) };', 'what can not be read'],
  ])('%s is refused when it is loaded', async (text, why) => {
    await expect(open(text)).rejects.toMatchObject({
      code: 'PROJECTION_CODE',
      message: expect.stringContaining(why),
    });
  });

  test('a throw names the stream, the event and the line', async () => {
    const worker = await open(
      `export function apply(state, event) {
         if (event.version === 2)
           throw new RangeError('less than nothing');
         return state;
       }`,
    );
    await expect(worker.fold(batchOf(1, 3))).rejects.toMatchObject({
      code: 'PROJECTION_THREW',
      context: { dataset: 'shop.carts', stream: 'b', version: '2', event: 'e2' },
      message: expect.stringContaining('threw RangeError at line 3: less than nothing'),
    });
    await expect(worker.fold(batchOf(1))).rejects.toThrow();
  });

  test('a loop without an end is ended, in apply and where the code is loaded', async () => {
    const worker = await open('export function apply(s, e) { while (e.version === 2); return s; }', {
      timeoutMs: 2500,
    });
    await expect(worker.fold(batchOf(1, 2))).rejects.toMatchObject({
      code: 'PROJECTION_TIMEOUT',
      context: { stream: 'b', version: '2', event: 'e2' },
    });
    await expect(open('while (true); export const apply = 1;', { timeoutMs: 2500 })).rejects.toMatchObject({
      code: 'PROJECTION_CODE',
      message: expect.stringContaining("isn't loaded after 2.5 s"),
    });
  });

  test.each([
    'new Proxy(new Error(), { get() { for (;;); } })',
    '({ get message() { for (;;); } })',
    '({ message: { toString() { for (;;); } } })',
  ])('what is thrown may be read without an end: %s', async (thrown) => {
    const worker = await open(`export function apply() { throw ${thrown}; }`, { timeoutMs: 500 });
    await expect(worker.fold(batchOf(1))).rejects.toMatchObject({
      code: 'PROJECTION_TIMEOUT',
      context: { stream: 'a', version: '1', event: 'e0' },
    });
  });

  test('so much of what code says is told, on one line', async () => {
    const worker = await open(
      `export function apply() { throw new RangeError('\\u001b[31m\\n' + 'x'.repeat(1e6)); }`,
    );
    await expect(worker.fold(batchOf(1))).rejects.toMatchObject({
      code: 'PROJECTION_THREW',
      message: expect.stringMatching(/threw RangeError at line 1: {2}?\[31m x{400,500}… \(stream a/),
    });
  });

  test('a builtin that nothing can interrupt is ended, too, and its event is named', async () => {
    const worker = await open(
      `export function apply(s, e) { return e.version === 2 ? [].includes.call({ length: 2 ** 53 - 1 }, 1) : s; }`,
      { timeoutMs: 1000, graceMs: 1000 },
    );
    await expect(worker.fold(batchOf(1, 2))).rejects.toMatchObject({
      code: 'PROJECTION_TIMEOUT',
      context: { stream: 'b', version: '2', event: 'e2' },
    });
  });

  test('events that take their time are folded, however long all of them take', async () => {
    const worker = await open(
      'export function apply(s, e) { let n = 0; for (let i = 0; i < 5e6; i++) n = (n * 31 + i) % 1009; return { n }; }',
      { timeoutMs: 2500 },
    );
    // As many as take longer together than one may, and the turn after which a process says that it lives.
    for (let [events, ms] = [200, 0]; ms < 4000; events *= 2) {
      const start = performance.now();
      expect(await worker.fold(batchOf(events))).toMatchObject([{ stream: 'a' }]);
      ms = performance.now() - start;
    }
  });

  test.each([
    'const all = []; while (true) all.push({ n: all.length });',
    "let text = 'x'; while (true) text = [text, text].join('');",
  ])('%s is ended, and the process lives', async (loop) => {
    const worker = await open(`export function apply(s, e) { if (e.version === 2) { ${loop} } return s; }`, {
      memoryMb: 64,
    });
    // A text or number past the language's own limits throws before the memory ends.
    await expect(worker.fold(batchOf(1, 2))).rejects.toMatchObject({
      code: expect.stringMatching(/^PROJECTION_(MEMORY|THREW)$/),
      context: { stream: 'b', version: '2', event: 'e2' },
    });
  });

  test('one that has nearly all of its memory taken when its time is over is told for its memory', async () => {
    const fill =
      'const all = []; while (all.length < 7000) all.push(new Array(1000).fill(0.5)); while (all.length) ;';
    const worker = await open(`export function apply(s, e) { if (e.version === 2) { ${fill} } return s; }`, {
      ...{ memoryMb: 64, timeoutMs: 3000 },
    });
    await expect(worker.fold(batchOf(1, 2))).rejects.toMatchObject({
      code: 'PROJECTION_MEMORY',
      message: expect.stringContaining(
        "had nearly all of its 64 MB taken, and wasn't done with an event after 3 s",
      ),
      context: { stream: 'b', version: '2', event: 'e2' },
    });
  });

  test.each([
    ['async () => ({})', 'a promise'],
    ['() => undefined', 'nothing that JSON can say'],
    ['() => () => 1', 'nothing that JSON can say'],
    ['() => new Map([[1, 2]])', 'apply returned a Map'],
    ['() => (function* () { yield {}; })()', 'apply returned a Generator'],
    ['() => ({}); export const rows = async () => []', 'rows returned a promise'],
    ['() => ({}); export function* rows() { yield {}; }', 'rows returned a Generator'],
    ['() => ({}); export const rows = () => new Set([{}])', 'rows returned a Set'],
  ])('a state %s can not be kept', async (apply, why) => {
    const worker = await open(`export const apply = ${apply};`);
    await expect(worker.fold(batchOf(1))).rejects.toMatchObject({
      code: 'PROJECTION_STATE',
      message: expect.stringContaining(why),
    });
  });
});

const OUTSIDE = [
  'new Date().getTime()',
  'Date.now()',
  'Date()',
  "new Date('2026-01-01T00:00').getTime()",
  "new Date('2026-01-01').getHours()",
  'Math.random()',
  "require('node:fs')",
  'process.env',
  "fetch('http://localhost')",
  'setTimeout(() => 0, 1)',
  'crypto.randomUUID()',
  'performance.now()',
  "new Function('return 1')()",
  "eval('1')",
  "event.constructor.constructor('return process')()",
  "state.constructor.constructor('return process')()",
  "apply.constructor('return process')()",
  'new Intl.NumberFormat().format(1)',
  "'a'.localeCompare('b')",
  '(1).toLocaleString()',
  'new Uint8Array(1e9)',
];

describe('what lies outside', () => {
  test('is not within reach', async () => {
    const tries = OUTSIDE.map((expression) => `() => (${expression})`);
    const worker = await open(
      `export function apply(state, event) {
         const reached = [];
         for (const [n, reach] of [${tries.join(', ')}].entries())
           try { reach(); reached.push(n); } catch {}
         return { reached };
       }`,
    );
    const [folded] = await worker.fold(batchOf(1));
    const { reached } = readStateJson(folded?.state ?? '') as { reached: number[] };
    expect(reached.map((n) => OUTSIDE[n])).toEqual([]);
    await worker.close();
    const thrown = await open('export const apply = () => ({ now: Date.now() });');
    await expect(thrown.fold(batchOf(1))).rejects.toMatchObject({
      code: 'PROJECTION_THREW',
      message: expect.stringContaining('The clock is out of reach of a projection'),
    });
  });

  test('moments are read of texts that say their zone', async () => {
    const worker = await open(
      `export const apply = (s, e) => ({ ms: Date.parse(e.at), day: new Date(e.at).toISOString().slice(0, 10) });`,
    );
    expect((await worker.fold(batchOf(1)))[0]?.rows).toEqual([{ ms: 1767225601000, day: '2026-01-01' }]);
  });
});

test('the process that folds is given no environment but the folder of Node’s own libraries, as Lambda has one', async () => {
  const before = process.env.LD_LIBRARY_PATH;
  process.env.LD_LIBRARY_PATH = '/nowhere/lib';
  const child = startWorker(64);
  try {
    await once(child, 'spawn');
    const text = await readFile(`/proc/${child.pid}/environ`, 'utf8').catch(() => undefined);
    // Only Linux tells.
    const told = text?.split('\0').filter((one) => one !== '' && !one.startsWith('NODE_CHANNEL_'));
    expect(told ?? ['LD_LIBRARY_PATH=/nowhere/lib']).toEqual(['LD_LIBRARY_PATH=/nowhere/lib']);
  } finally {
    if (before === undefined) delete process.env.LD_LIBRARY_PATH;
    else process.env.LD_LIBRARY_PATH = before;
    child.kill('SIGKILL');
  }
});

describe('a fold that is not pure', () => {
  test.each([
    ['counts besides', 'let n = 0; export const apply = () => ({ n: ++n });'],
    [
      'keeps what JSON can not say',
      'export const initial = { seen: 0 }; export const apply = (s) => ({ seen: s.all ? 1 : 0, all: new Map() .set(1, 1), m: s.all instanceof Map });',
    ],
    [
      'keeps a state besides',
      'let last; export const apply = (s, e) => { const l = last; last = e.id; return { l }; };',
    ],
    [
      'takes no event twice',
      'const seen = new Set(); export const initial = { n: 0 }; export const apply = (s, e) => { const isNew = !seen.has(e.id); seen.add(e.id); return { n: s.n + (isNew ? 1 : 0) }; };',
    ],
    [
      'keeps the greatest besides',
      'let most = 0; const size = (e) => 9 - e.version; export const apply = (s, e) => { if (size(e) > most) most = size(e); return { most }; };',
    ],
    [
      'hides a member from JSON that its rows show',
      "export const apply = (s) => Object.defineProperty({ v: 's' }, 'h', { value: (s.h ?? 0) + 1 }); export const rows = (s) => [{ v: String(s.h) }];",
    ],
    [
      'makes rows of what JSON can not say',
      'export const apply = () => ({ z: -0 }); export const rows = (s) => [{ v: String(1 / s.z) }];',
    ],
    [
      'counts its rows',
      'let c = 0; export const apply = () => ({}); export const rows = () => [{ v: ++c }];',
    ],
  ])('%s: found', async (_, text) => {
    const worker = await open(text);
    await expect(worker.fold(batchOf(3), 'twice')).rejects.toMatchObject({
      code: 'PROJECTION_NOT_PURE',
      context: { dataset: 'shop.carts' },
    });
  });

  test('and one that is passes, and folds on', async () => {
    const worker = await open(SUMS);
    expect(await worker.fold(batchOf(2, 3), 'twice')).toMatchObject([{ stream: 'a' }, { stream: 'b' }]);
    expect((await worker.fold(batchOf(2)))[0]?.rows).toEqual([
      { events: 2, sum: '4.00', big: 9007199254740993n },
    ]);
  });
});
