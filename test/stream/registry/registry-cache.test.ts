import { expect, test } from '@jest/globals';
import { ConfigError, TransientError } from '../../../etl/errors.ts';
import { readySchemas } from '../../../stream/registry/ready-schemas.ts';
import type { RegisteredSchema, SchemaRegistry } from '../../../stream/registry/registry.ts';
import { cacheRegistry } from '../../../stream/registry/registry-cache.ts';

const schemaOf = (version: number): RegisteredSchema => ({
  ...{ id: `folder:orders:${version}`, subject: 'orders', version, format: 'json' },
  ...{ text: '{"type":"object"}', compatibility: 'BACKWARD' },
});

/** A registry whose answers are set by hand, a clock that is moved by hand, and the cache over them. */
function opened() {
  let nowMs = Date.parse('2026-11-29T10:00:00Z');
  const site = { known: new Map([['7', schemaOf(1)]]), error: undefined as Error | undefined, asked: 0 };
  const answer = async (key: string): Promise<RegisteredSchema | undefined> => {
    site.asked++;
    if (site.error !== undefined) throw site.error;
    return site.known.get(key);
  };
  const registry: SchemaRegistry = { schema: answer, latest: answer };
  const failures: unknown[] = [];
  const cache = cacheRegistry({
    registry,
    clock: { now: () => new Date(nowMs) },
    onFailure: (error) => failures.push(error),
  });
  return {
    ...{ cache, site, failures },
    pass: (seconds: number) => {
      nowMs += seconds * 1000;
    },
  };
}

test('a schema is asked for once in two minutes, also by many at once', async () => {
  const { cache, site, pass } = opened();
  await Promise.all(Array.from({ length: 50 }, () => cache.schema('7')));
  pass(119);
  expect(await cache.schema('7')).toEqual(schemaOf(1));
  expect(site.asked).toBe(1);
  pass(2);
  await cache.schema('7');
  expect(site.asked).toBe(2);
});

test('one that is unknown is asked for again after seconds, and any number of those push out none that is known', async () => {
  const { cache, site, pass } = opened();
  await cache.schema('7');
  expect(await cache.schema('8')).toBeUndefined();
  site.known.set('8', schemaOf(2));
  pass(11);
  expect(await cache.schema('8')).toEqual(schemaOf(2));
  for (let id = 1000; id < 4000; id++) await cache.schema(String(id));
  const { asked } = site;
  await cache.schema('7');
  await cache.schema('8');
  expect(site.asked).toBe(asked);
});

test.each([
  ['is down', new TransientError('X', 'down')],
  ['refuses', new ConfigError('SCHEMA_REGISTRY_DENIED', 'refused')],
])(
  'a registry that %s: what it said goes on holding, what it never said is unavailable',
  async (_, error) => {
    const { cache, site, pass, failures } = opened();
    await cache.schema('7');
    site.error = error;
    pass(3600);
    expect(await cache.schema('7')).toEqual(schemaOf(1));
    await expect(cache.schema('9')).rejects.toMatchObject({
      name: 'TransientError',
      code: 'SCHEMA_REGISTRY_UNAVAILABLE',
    });
    // It is left alone for seconds, and not asked for each event.
    for (let n = 0; n < 20; n++) await cache.schema('7');
    expect(failures).toHaveLength(1);
    site.error = undefined;
    pass(6);
    await cache.schema('7');
    expect(await cache.schema('9')).toBeUndefined();
  },
);

test('an error that nobody foresaw is not taken for a registry that is down', async () => {
  const { cache, site } = opened();
  site.error = new RangeError('a bug');
  await expect(cache.schema('7')).rejects.toThrow('a bug');
});

test('schemas are made ready once; those that cannot be had say why', async () => {
  const { cache, site, pass } = opened();
  const ready = readySchemas(cache);
  const [a, b] = [await ready.of('7'), await ready.of('7')];
  expect(a).toMatchObject({ kind: 'ready', fingerprint: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
  expect(a.kind === 'ready' && b.kind === 'ready' && a.reader === b.reader).toBe(true);
  site.known.set('bad', { ...schemaOf(3), text: '{"type": 7}' });
  expect(await ready.of('bad')).toEqual({ kind: 'none', reason: 'SCHEMA_UNUSABLE' });
  expect(await ready.of('none')).toEqual({ kind: 'none', reason: 'SCHEMA_UNKNOWN' });
  site.error = new TransientError('X', 'down');
  expect(await ready.of('other')).toEqual({ kind: 'none', reason: 'SCHEMA_REGISTRY_UNAVAILABLE' });
  pass(600);
  expect(await ready.of('7')).toMatchObject({ kind: 'ready' });
});
