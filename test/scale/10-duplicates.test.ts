import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { trinoSession } from '../../adapters/trino/ask-trino.ts';
import { registerTables } from '../../adapters/trino/temporary-tables.ts';
import { trinoEngine } from '../../adapters/trino/trino-engine.ts';
import type { Effects } from '../../etl/ports.ts';
import { stageSetTable } from '../../etl/sets/stage-set-table.ts';
import { openOrCreateTable } from '../../etl/table/lake-table.ts';
import { runCase } from '../stages/golden-case.ts';
import { testLake } from '../stages/harness.ts';
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

test('what was left by a process that was killed goes with a question two days later', async () => {
  const place = { server: url, catalog: CATALOG, schema: SCHEMA, user: 'test' };
  const contract = await readFile(path.join(GOLDEN, 'duplicate-keys-condemn', 'contract.yaml'), 'utf8');
  const { lake, dispose } = await testLake({ contracts: [contract], startAt: '2024-06-03T00:00:00Z' });
  try {
    const { objects } = lake.effects;
    const columns = [{ name: 'id', type: { kind: 'long' as const }, required: false }];
    const table = await openOrCreateTable(objects, 'silver/shop/none', undefined, { columns });
    const staged = { objects, table, files: [], folder: 'ops/staging/left' };
    const tables = [{ name: 'mine', metadataKey: await stageSetTable(staged) }];
    const left = async () => (await statement(url, `SHOW TABLES FROM ${CATALOG}.${SCHEMA}`)).flat();
    for (const day of ['2024-06-01', '2024-06-02'])
      await registerTables(
        { objects, session: await trinoSession(place), place, now: new Date(day) },
        { tables, token: 'killed' },
      );
    expect(await left()).toHaveLength(2);
    const query = {
      sql: 'SELECT id FROM mine',
      tables,
      columns,
      into: 'ops/staging/left/answer',
      token: 'later',
    };
    expect((await trinoEngine(place, lake.effects).select(query)).keys).toEqual([]);
    // One day old may be of a question that is under way.
    expect(await left()).toEqual([expect.stringMatching(/^assay_tmp_20240602_/)]);
    await statement(url, `CALL ${CATALOG}.system.unregister_table('${SCHEMA}', '${(await left())[0]}')`);
  } finally {
    await dispose();
  }
});
