import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { RULES_VERSION } from '../../etl/timezones/rules.ts';
import { contractText, NO_LIMITS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import type { Row } from '../stages/read-rows.ts';

/** Local times in every zone, and what Python's zoneinfo makes of them; see instants.py. */
interface Case {
  readonly zone: string;
  readonly local: string;
  readonly kind: 'plain' | 'gap' | 'fold';
  readonly earlier: string;
  readonly later: string;
}

const CASES = await readCases();

async function readCases(): Promise<Case[]> {
  const text = await readFile(new URL('instants.csv', import.meta.url), 'utf8');
  const [release, , ...lines] = text.trim().split('\n');
  // Python must have the same rules: pip install the release of tzdata that has them, and make the file anew.
  expect(release).toBe(`# IANA ${RULES_VERSION}`);
  return lines.map((line) => {
    const [zone = '', local = '', kind = '', ...ahead] = line.split(',');
    const [earlier = '', later = ''] = ahead.map((seconds) => instantOf(local, Number(seconds)));
    return { zone, local, kind: kind as Case['kind'], earlier, later };
  });
}

function instantOf(local: string, secondsAhead: number): string {
  return new Date(Date.parse(`${local}Z`) - secondsAhead * 1000).toISOString().replace('Z', '000Z');
}

const asTime = (assay: Readonly<Record<string, unknown>>, name: string) => ({
  name,
  type: 'timestamp',
  assay: { timezone: { column: 'zone', ...assay } },
});
const base = [{ name: 'id', type: 'integer', key: true }, { name: 'zone' }];
const CHOOSING = contractText({
  dataset: 'test.choosing',
  partitionColumn: 'arrived_at',
  columns: [
    ...base,
    asTime({ gap: 'earlier', fold: 'earlier' }, 'earlier'),
    asTime({ gap: 'later', fold: 'later' }, 'later'),
  ],
  assay: { limits: NO_LIMITS },
});
const STRICT = contractText({
  dataset: 'test.strict',
  partitionColumn: 'arrived_at',
  columns: [...base, asTime({}, 'local')],
  assay: { limits: NO_LIMITS },
});

describe('a local time and the zone beside it', () => {
  let lake: TestLake;
  beforeAll(async () => {
    lake = await testLake({ contracts: [CHOOSING, STRICT] });
    const lines = CASES.map(({ zone, local }, n) => `${n},${zone},${local},${local}`);
    await lake.dropAndRun({ 'a.csv': ['id,zone,earlier,later', ...lines].join('\n') });
    const once = CASES.map(({ zone, local }, n) => `${n},${zone},${local}`);
    await lake.dropAndRun({ 'a.csv': ['id,zone,local', ...once].join('\n') }, 'test.strict');
  });
  afterAll(() => lake.dispose());

  test('are the instant that Python knows, the earlier or the later where it may be two', async () => {
    const rows = byId(await lake.rows('silver'));
    const wrong = CASES.filter(
      ({ earlier, later }, n) => rows.get(n)?.earlier !== earlier || rows.get(n)?.later !== later,
    );
    expect(wrong).toEqual([]);
    expect(rows.size).toBe(CASES.length);
  });

  test('fail where the contract doesn’t say which instant is meant', async () => {
    const silver = byId(await lake.rows('silver', 'test.strict'));
    const rejected = new Map(
      (await lake.rows('quarantine', 'test.strict')).map((row) => [
        Number(row.source_row_number) - 1,
        row.reasons,
      ]),
    );
    const rules = { gap: 'local_time_skipped', fold: 'local_time_repeated' };
    for (const [n, { kind, local, earlier }] of CASES.entries()) {
      if (kind === 'plain') expect(silver.get(n)?.local).toBe(earlier);
      else
        expect(rejected.get(n)).toEqual([
          { rule: rules[kind], column: 'local', code: 'RANGE_ERROR', value: local },
        ]);
    }
  });
});

function byId(rows: readonly Row[]): Map<number, Row> {
  return new Map(rows.map((row) => [Number(row.id), row]));
}
