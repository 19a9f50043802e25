import { expect, test } from '@jest/globals';
import { setSettings } from '../../cli/set-engine.ts';

const read = (env: Record<string, string>, options: Parameters<typeof setSettings>[0] = {}) =>
  setSettings(options, { env });

test('DuckDB does all unless a Trino is named', () => {
  expect(read({})).toBeUndefined();
  expect(read({ ASSAY_ENGINE: 'duckdb', ASSAY_TRINO: 'http://localhost:8080' })).toBeUndefined();
  expect(read({ ASSAY_TRINO: 'http://localhost:8080' }, { engine: 'duckdb' })).toBeUndefined();
});

test('a Trino that is named answers what is large, and all where it is asked for', () => {
  const place = { server: 'http://localhost:8080', catalog: 'iceberg', schema: 'assay', user: 'assay' };
  const auto = read({ ASSAY_TRINO: 'http://localhost:8080/' });
  expect(auto?.place).toEqual(place);
  expect(auto?.fromBytes).toBeGreaterThan(1e9);
  expect(read({ ASSAY_TRINO: 'http://localhost:8080' }, { engine: 'trino' })).toEqual({
    place,
    fromBytes: 0,
  });
});

test('options come before the environment, and secrets from the environment alone', () => {
  const env = {
    ASSAY_ENGINE: 'trino',
    ASSAY_TRINO: 'https://a.example',
    ASSAY_TRINO_CATALOG: 'lake',
    ASSAY_TRINO_SCHEMA: 'tmp',
    ASSAY_TRINO_USER: 'ann',
    ASSAY_TRINO_PASSWORD: 'secret',
  };
  expect(read(env, { trino: 'https://b.example:8443', 'trino-schema': 'work' })?.place).toEqual({
    server: 'https://b.example:8443',
    catalog: 'lake',
    schema: 'work',
    user: 'ann',
    proof: { kind: 'password', password: 'secret' },
  });
});

test.each([
  [{ ASSAY_ENGINE: 'spark' }, /--engine spark is unknown: write auto, duckdb, trino/],
  [{ ASSAY_ENGINE: 'athena' }, /--engine athena is for a platform on AWS/],
  [{ ASSAY_ENGINE: 'trino' }, /needs its address: add --trino URL/],
  [{ ASSAY_TRINO: 'localhost:8080' }, /is no address/],
  [{ ASSAY_TRINO: 'https://ann:pw@a.example' }, /takes no user and no password/],
  [{ ASSAY_TRINO: 'http://a.example', ASSAY_TRINO_PASSWORD: 'x' }, /by https only/],
  [{ ASSAY_TRINO: 'https://a.example', ASSAY_TRINO_PASSWORD: 'x', ASSAY_TRINO_TOKEN: 'y' }, /both set/],
  [{ ASSAY_TRINO: 'https://a.example', ASSAY_TRINO_CATALOG: 'My Lake' }, /is no name/],
])('%p is refused', (env, message) => {
  expect(() => read(env)).toThrow(message);
});
