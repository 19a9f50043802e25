import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ObjectStore, WriteCondition } from '../../etl/ports.ts';

/** A store with nothing in it, and how to be rid of it. */
export interface StoreUnderTest {
  readonly store: ObjectStore;
  dispose(): Promise<void>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const conflict = { name: 'ConflictError', code: 'PRECONDITION_FAILED' };

/** What every implementation of ObjectStore has to do; `open` gives an empty one. */
export function objectStoreSuite(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`object store: ${name}`, () => {
    let under: StoreUnderTest;
    beforeEach(async () => {
      under = await open();
    });
    afterEach(async () => {
      await under.dispose();
    });

    const text = async (key: string): Promise<string | undefined> => {
      const object = await under.store.get(key);
      return object && new TextDecoder().decode(object.body);
    };
    const put = (key: string, value: string, condition?: WriteCondition): Promise<string> =>
      under.store.put(key, bytes(value), condition);

    readingAndWriting(() => under.store, text, put);
    conditions(() => under.store, text, put);
    listing(() => under.store, put);

    test('any sequence of operations does what a map would do', async () => {
      let run = 0;
      const oneRun = fc.asyncProperty(fc.array(operation, { maxLength: 30 }), async (operations) => {
        run += 1;
        await compareWithMap(under.store, `model/${run}/`, operations);
      });
      await fc.assert(oneRun, { numRuns: 40 });
    });
  });
}

type Text = (key: string) => Promise<string | undefined>;
type Put = (key: string, value: string, condition?: WriteCondition) => Promise<string>;

function readingAndWriting(store: () => ObjectStore, text: Text, put: Put): void {
  test('a missing object is undefined', async () => {
    expect(await store().get('a/none.json')).toBeUndefined();
  });

  test('what was put is read back with the tag that put returned', async () => {
    const etag = await put('a/b.json', 'one');
    expect(await text('a/b.json')).toBe('one');
    expect((await store().get('a/b.json'))?.etag).toBe(etag);
  });

  test('empty and binary objects come back byte for byte', async () => {
    const body = Uint8Array.from({ length: 256 }, (_, i) => i);
    await store().put('a/binary', body);
    await store().put('a/empty', new Uint8Array());
    expect(Buffer.from((await store().get('a/binary'))?.body ?? [])).toEqual(Buffer.from(body));
    expect((await store().get('a/empty'))?.body).toHaveLength(0);
  });

  test('a put without a condition replaces', async () => {
    const first = await put('a', 'one');
    expect(await put('a', 'two')).not.toBe(first);
    expect(await text('a')).toBe('two');
  });

  test('a removed object is gone, and removing it again is no error', async () => {
    await put('a/b', 'one');
    await store().remove('a/b');
    expect(await store().get('a/b')).toBeUndefined();
    await store().remove('a/b');
    await store().remove('never/was');
  });

  test('keys may hold spaces, equals signs and letters of any script', async () => {
    const key = 'bronze/x/ingest_date=2024-01-01/Zahlungen März (1) 支払.csv';
    await put(key, 'x');
    expect(await text(key)).toBe('x');
    expect((await store().list('bronze/')).map((object) => object.key)).toEqual([key]);
  });

  test('a URI is absolute and ends with the key', () => {
    expect(store().uri('silver/a/metadata/v1.json')).toMatch(
      /^[a-z0-9]+:\/\/.+\/silver\/a\/metadata\/v1\.json$/,
    );
  });
}

function conditions(store: () => ObjectStore, text: Text, put: Put): void {
  test('ifNoneMatch writes only where nothing is', async () => {
    await put('p', 'one', { ifNoneMatch: '*' });
    await expect(put('p', 'two', { ifNoneMatch: '*' })).rejects.toMatchObject(conflict);
    expect(await text('p')).toBe('one');
  });

  test('ifNoneMatch writes again after a removal', async () => {
    await put('p', 'one', { ifNoneMatch: '*' });
    await store().remove('p');
    await put('p', 'two', { ifNoneMatch: '*' });
    expect(await text('p')).toBe('two');
  });

  test('ifMatch replaces only the version that was read', async () => {
    const one = await put('p', 'one', { ifNoneMatch: '*' });
    const two = await put('p', 'two', { ifMatch: one });
    await expect(put('p', 'lost', { ifMatch: one })).rejects.toMatchObject(conflict);
    await put('p', 'three', { ifMatch: two });
    expect(await text('p')).toBe('three');
  });

  test('ifMatch on a missing or removed object is a conflict', async () => {
    const etag = await put('p', 'one');
    await expect(put('q', 'two', { ifMatch: etag })).rejects.toMatchObject(conflict);
    await expect(put('q', 'two', { ifMatch: 'nonsense' })).rejects.toMatchObject(conflict);
    const next = await put('p', 'two', { ifMatch: etag });
    await store().remove('p');
    await expect(put('p', 'three', { ifMatch: next })).rejects.toMatchObject(conflict);
    expect(await store().get('p')).toBeUndefined();
  });

  test('a put without a condition counts as a version', async () => {
    const one = await put('p', 'one', { ifNoneMatch: '*' });
    const two = await put('p', 'two');
    await expect(put('p', 'lost', { ifMatch: one })).rejects.toMatchObject(conflict);
    const three = await put('p', 'three', { ifMatch: two });
    await put('p', 'four');
    await expect(put('p', 'lost', { ifMatch: three })).rejects.toMatchObject(conflict);
    expect(await text('p')).toBe('four');
  });

  test('an object can be removed and made again between conditional writes', async () => {
    const one = await put('p', 'one', { ifNoneMatch: '*' });
    const two = await put('p', 'two', { ifMatch: one });
    await store().remove('p');
    const again = await put('p', 'again', { ifNoneMatch: '*' });
    await expect(put('p', 'lost', { ifMatch: two })).rejects.toMatchObject(conflict);
    await put('p', 'more', { ifMatch: again });
    expect(await text('p')).toBe('more');
  });

  test('of many who create one object, one succeeds', async () => {
    const tries = Array.from({ length: 20 }, (_, i) => put('p', `by ${i}`, { ifNoneMatch: '*' }));
    const results = await Promise.allSettled(tries);
    const winners = results.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []));
    expect(winners).toHaveLength(1);
    expect(await text('p')).toBe(`by ${winners[0]}`);
  });

  test('no increment is lost among concurrent writers', async () => {
    await put('counter', '0', { ifNoneMatch: '*' });
    await Promise.all(Array.from({ length: 10 }, () => increment(store(), 'counter', 5)));
    expect(await text('counter')).toBe('50');
  });
}

async function increment(store: ObjectStore, key: string, times: number): Promise<void> {
  for (let done = 0; done < times; ) {
    const current = await store.get(key);
    if (current === undefined) throw new Error('the counter is gone');
    const next = Number(new TextDecoder().decode(current.body)) + 1;
    try {
      await store.put(key, bytes(String(next)), { ifMatch: current.etag });
      done += 1;
    } catch (error) {
      if (!(error instanceof Error && error.name === 'ConflictError')) throw error;
    }
  }
}

function listing(store: () => ObjectStore, put: Put): void {
  test('a listing is ordered by the bytes of the keys and knows sizes', async () => {
    for (const key of [
      'l/b',
      'l/a/z',
      'l/a-1',
      'l/a.txt',
      'l/B',
      'l/ä',
      'l/\u{ff5e}',
      'l/\u{1f600}',
      'm/x',
    ]) {
      await put(key, key);
    }
    const expected = ['l/B', 'l/a-1', 'l/a.txt', 'l/a/z', 'l/b', 'l/ä', 'l/\u{ff5e}', 'l/\u{1f600}'];
    expect(await store().list('l/')).toEqual(
      expected.map((key) => ({ key, sizeBytes: Buffer.byteLength(key), modifiedMs: expect.any(Number) })),
    );
  });

  test('a prefix need not end at a slash, and one of nothing lists nothing', async () => {
    for (const key of ['r/run-1.json', 'r/run-12/x', 'r/run-2.json', 'run-1']) await put(key, '');
    expect((await store().list('r/run-1')).map((object) => object.key)).toEqual([
      'r/run-1.json',
      'r/run-12/x',
    ]);
    expect(await store().list('nothing/here/')).toEqual([]);
    expect(await store().list('')).toHaveLength(4);
  });

  test('a listing may begin behind a key, whether that is there or not', async () => {
    for (const key of ['d/day=1/a', 'd/day=2/a', 'd/day=2/b', 'd/day=3/a']) await put(key, '1');
    const listed = async (after: string) => (await store().list('d/', after)).map(({ key }) => key);
    expect(await listed('d/day=2')).toEqual(['d/day=2/a', 'd/day=2/b', 'd/day=3/a']);
    expect(await listed('d/day=2/a')).toEqual(['d/day=2/b', 'd/day=3/a']);
    expect(await listed('d/day=4')).toEqual([]);
    expect(await listed('c')).toHaveLength(4);
  });

  test('a listing shows conditionally written objects with their newest size, removed ones not', async () => {
    const etag = await put('t/kept', '1', { ifNoneMatch: '*' });
    await put('t/kept', '12345', { ifMatch: etag });
    const other = await put('t/gone', '1', { ifNoneMatch: '*' });
    await put('t/gone', '12', { ifMatch: other });
    await store().remove('t/gone');
    const listed = await store().list('t/');
    expect(listed).toEqual([{ key: 't/kept', sizeBytes: 5, modifiedMs: expect.any(Number) }]);
    expect(Math.abs(Date.now() - (listed[0]?.modifiedMs ?? 0))).toBeLessThan(60_000);
  });
}

type Operation = {
  readonly kind: 'put' | 'create' | 'swap' | 'swap stale' | 'remove' | 'list';
  readonly key: 'a' | 'b/c';
};
const operation: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constantFrom('put', 'create', 'swap', 'swap', 'swap stale', 'remove', 'list'),
  key: fc.constantFrom('a', 'b/c'),
});

interface Known {
  readonly value: string;
  readonly etag: string;
}

/** Runs the operations on the store and on a map, and expects the same after each. */
async function compareWithMap(
  store: ObjectStore,
  prefix: string,
  operations: readonly Operation[],
): Promise<void> {
  const map = new Map<string, Known>();
  const stale = new Map<string, string>();
  for (const [step, { kind, key }] of operations.entries()) {
    const before = map.get(key);
    await apply(store, `${prefix}${key}`, {
      kind,
      value: `step ${step}`,
      before,
      stale: stale.get(key),
    }).then((after) => {
      if (before !== undefined && after?.etag !== before.etag) stale.set(key, before.etag);
      if (after === undefined) map.delete(key);
      else map.set(key, after);
    });
    const object = await store.get(`${prefix}${key}`);
    const seen = object && { value: new TextDecoder().decode(object.body), etag: object.etag };
    expect(seen).toEqual(map.get(key));
    if (kind === 'list') {
      const keys = (await store.list(prefix)).map((listed) => listed.key.slice(prefix.length));
      expect(keys).toEqual([...map.keys()].sort());
    }
  }
}

interface Step {
  readonly kind: Operation['kind'];
  readonly value: string;
  readonly before: Known | undefined;
  readonly stale: string | undefined;
}

/** Does one operation, checks that it succeeds or conflicts as it must, and returns what is there after it. */
async function apply(store: ObjectStore, key: string, step: Step): Promise<Known | undefined> {
  const { kind, value, before, stale } = step;
  const body = bytes(value);
  const written = async (condition?: WriteCondition): Promise<Known> => ({
    value,
    etag: await store.put(key, body, condition),
  });
  const refused = async (condition: WriteCondition): Promise<Known | undefined> => {
    await expect(store.put(key, body, condition)).rejects.toMatchObject(conflict);
    return before;
  };
  if (kind === 'put') return await written();
  if (kind === 'create')
    return await (before ? refused({ ifNoneMatch: '*' }) : written({ ifNoneMatch: '*' }));
  if (kind === 'swap' && before) return await written({ ifMatch: before.etag });
  if (kind === 'swap stale' && stale) return await refused({ ifMatch: stale });
  if (kind !== 'remove') return before;
  await store.remove(key);
  return undefined;
}
