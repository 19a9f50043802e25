import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findNativePart } from '../../adapters/local/native-part.ts';
import { type Engine, openEngine, withEngine } from '../../etl/engine/engine.ts';
import { literal } from '../../etl/engine/sql.ts';
import { buildNativePart } from '../../scripts/build-native-part.ts';
import { tempFolder } from '../adapters/temp-folder.ts';

const MEMORY = { memoryLimitMb: 200, threads: 2 };

let folder: string;
let dispose: () => Promise<void>;
let engine: Engine;
/** Undefined where it can't be built: then the engine must do without. */
let nativePart: string | undefined;

beforeAll(async () => {
  ({ folder, dispose } = await tempFolder());
  await mkdir(join(folder, 'scratch'));
  const built = await buildNativePart(join(folder, 'native', 'assay_hash.duckdb_extension'));
  nativePart = built.kind === 'built' ? built.file : undefined;
  engine = await openEngine({ ...MEMORY, nativePart }, join(folder, 'scratch', 'spill'));
}, 60_000);

afterAll(async () => {
  engine.close();
  await dispose();
});

type Values = readonly (string | null)[];

/** What the documentation says that a row_hash is, by Node's own SHA-256. */
function expectedHash(values: Values): string {
  const text = values.map((value) => (value === null ? '' : `=${value}`)).join('\0');
  return createHash('sha256').update(text.replace(/\0+$/, '')).digest('hex');
}

const sqlOf = (values: Values): string =>
  values.map((value) => (value === null ? 'NULL' : literal(value))).join(', ');

async function hashesOf(rows: readonly Values[]): Promise<string[]> {
  const names = (rows[0] ?? []).map((_, n) => `v${n}`).join(', ');
  return await engine.texts(
    `SELECT assay_row_hash(${names}) FROM (VALUES ${rows.map((row) => `(${sqlOf(row)})`).join(', ')}) AS t(${names})`,
  );
}

/** Texts whose lengths lie around those where DuckDB keeps them elsewhere, or a digest takes another block. */
const TEXT = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc
    .constantFrom(0, 11, 12, 13, 53, 54, 55, 56, 62, 63, 64, 118, 119, 120, 1000, 5000)
    .map((n) => 'x'.repeat(n)),
  fc.constantFrom('é', '𝄞', '=', '\u001f', "'", ' '),
);
const VALUE = fc.option(
  TEXT.map((text) => text.replaceAll('\0', '')),
  { nil: null },
);
const ROWS = fc
  .integer({ min: 1, max: 9 })
  .chain((width) =>
    fc.array(fc.array(VALUE, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 9 }),
  );

describe('the native part', () => {
  test('is used where it was built', () => {
    expect(engine.hasRowHash).toBe(nativePart !== undefined);
  });

  test("gives a row hash as Node's SHA-256 does, whatever the values", async () => {
    if (!engine.hasRowHash) return;
    await fc.assert(
      fc.asyncProperty(ROWS, async (rows) => {
        expect(await hashesOf(rows)).toEqual(rows.map(expectedHash));
      }),
      { numRuns: 200 },
    );
  });

  test('takes vectors of several thousand rows on two threads, most of them of one length', async () => {
    if (!engine.hasRowHash) return;
    const [row] = await engine.rows(
      `SELECT count(*) AS n, count(*) FILTER (assay_row_hash(a, b, c) = sha256(rtrim(concat_ws(chr(0), '=' || a, coalesce('=' || b, ''), coalesce('=' || c, '')), chr(0)))) AS same
       FROM (SELECT CAST(i AS VARCHAR) AS a, CASE WHEN i % 7 > 0 THEN repeat('y', CAST(i % 130 AS INTEGER)) END AS b, CASE WHEN i % 1000 > 0 THEN 'GBP' END AS c FROM range(100000) AS r(i))`,
    );
    expect(row).toEqual({ n: '100000', same: '100000' });
  });

  test('opens no door: nothing else can be loaded behind it', async () => {
    for (const sql of ["LOAD '@/evil.duckdb_extension'", 'LOAD httpfs', 'INSTALL httpfs'])
      await expect(engine.run(sql.replace('@', folder))).rejects.toMatchObject({ code: 'ENGINE' });
  });

  test('is done without where the file is none', async () => {
    const file = join(folder, 'no.duckdb_extension');
    await withEngine({ ...MEMORY, nativePart: file }, undefined, async (other) => {
      expect(other.hasRowHash).toBe(false);
      expect(await other.texts("SELECT sha256('a')")).toHaveLength(1);
    });
  });

  test('is not built without a compiler, and says so', async () => {
    const built = await buildNativePart(
      join(folder, 'none', 'assay_hash.duckdb_extension'),
      'no-such-compiler',
    );
    expect(built).toMatchObject({ kind: 'absent', why: expect.stringMatching(/no-such-compiler|linux-x64/) });
  });

  test('is found where it was named, and not where it is switched off', () => {
    expect(findNativePart('off')).toBeUndefined();
    expect(findNativePart(join(folder, 'nowhere'))).toBeUndefined();
    expect(findNativePart(join(folder, 'scratch'))).toBe(join(folder, 'scratch'));
  });
});
