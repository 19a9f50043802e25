import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { trinoEngine } from '../../adapters/trino/trino-engine.ts';
import type { Effects } from '../../etl/ports.ts';
import { runCase } from '../stages/golden-case.ts';
import { CATALOG, SCHEMA } from './support/secured-trino.ts';
import { readSession } from './support/session.ts';
import { statement } from './support/statement.ts';

/** Trino finds the rows that may share a key, and every verdict is as DuckDB alone gives it. */

const { url } = readSession();
const GOLDEN = fileURLToPath(new URL('../golden', import.meta.url));
/** Cases in which rows of a run may share a key; ASSAY_ALL_CASES=1 takes all, and finds those that are not named here. */
const COMPARING = [
  'a-condemned-record-replaces-nothing',
  'condemned-records-beyond-the-limit',
  'duplicate-keys-condemn',
  'duplicate-keys-keep-first',
  'duplicate-keys-replace',
  'local-times-in-zones',
  'protected-records',
  'repeats-change-nothing',
  'repeats-of-a-redelivered-history',
  'the-breaker-opens',
  'the-record-as-its-own-key',
];
const CASES = process.env.ASSAY_ALL_CASES === '1' ? readdirSync(GOLDEN).sort() : COMPARING;

/** Questions that were asked, by case. */
const asked = new Map<string, number>();

const askingFor =
  (name: string) =>
  (effects: Effects): Effects => {
    const engine = trinoEngine({ server: url, catalog: CATALOG, schema: SCHEMA, user: 'test' }, effects);
    const select: typeof engine.select = (query) => {
      asked.set(name, (asked.get(name) ?? 0) + 1);
      return engine.select(query);
    };
    return { ...effects, sets: { engine: { ...engine, select }, fromBytes: 0 } };
  };

describe('golden', () => {
  test.each(CASES)('%s', async (name) => {
    const { outcome, problems } = await runCase(path.join(GOLDEN, name), { wrap: askingFor(name) });
    expect(problems).toEqual([]);
    for (const [file, found] of Object.entries(outcome))
      expect(found).toBe(await readFile(path.join(GOLDEN, name, 'expected', file), 'utf8'));
  });
});

test('each of these cases asked, and no table is left behind', async () => {
  expect([...asked.keys()].sort()).toEqual(COMPARING);
  expect(await statement(url, `SHOW TABLES FROM ${CATALOG}.${SCHEMA}`)).toEqual([]);
});
