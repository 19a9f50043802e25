import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fileContractSource } from '../../adapters/local/contract-source.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { identitySql } from '../../etl/engine/record-identity.ts';
import { readNamedQueries } from '../../lib/query/named-queries.ts';
import { isInCatalog } from './support/assay-catalog.ts';
import { askAssay, differences, type EngineTable, putBack, tablesOf } from './support/lake.ts';
import { NAMED_QUERIES } from './support/named-queries.ts';
import { Reader } from './support/reader.ts';
import { compareFiles, compareSnapshots, compareTables, compareTags } from './support/reading.ts';
import { sealedIdentities } from './support/sealed-identities.ts';
import { readSession } from './support/session.ts';
import { type TrinoCatalog, trinoCatalog } from './support/trino-engine.ts';
import { sessionCatalogs, startTrino, type Trino } from './support/trino-server.ts';
import { compareWrites } from './support/writing.ts';

/** Trino 476, which Athena's engine version 3 is made of. */

const { tools, folder, rest, assay } = readSession();
const { python } = tools;

let trino: Trino;
let reader: Reader;
let pyiceberg: Reader;
const catalogs = new Map<string, TrinoCatalog>();
let tables: EngineTable[];

beforeAll(async () => {
  trino = await startTrino(tools, { folder, catalogs: sessionCatalogs({ rest, assay }) });
  reader = new Reader({
    python,
    script: 'trino',
    args: [trino.url],
    logFile: path.join(folder, 'trino-reader.log'),
  });
  pyiceberg = new Reader({
    python,
    script: 'pyiceberg_engine',
    args: [rest],
    logFile: path.join(folder, 'pyiceberg.log'),
  });
  tables = await tablesOf(folder);
  for (const name of ['files', 'rest']) {
    const catalog = trinoCatalog(reader, name);
    catalogs.set(name, catalog);
    await catalog.register(tables);
  }
});

afterAll(async () => {
  await reader?.stop();
  await pyiceberg?.stop();
  await trino?.stop();
  await putBack(folder);
});

test('Trino finds the tables by the address of `assay serve`, and reads them as `assay query` does', async () => {
  const catalog = trinoCatalog(reader, 'assay');
  const { compared, found } = await compareTables(catalog, folder, isInCatalog);
  expect(found).toEqual([]);
  expect(compared).toBe(19);
  const { rows } = await catalog.ask('SHOW TABLES FROM silver');
  expect(rows.map(([name]) => name)).toContain('lab_samples');
  await expect(catalog.ask('DELETE FROM silver.lab_samples')).rejects.toThrow();
  await expect(catalog.ask('CREATE SCHEMA mine')).rejects.toThrow();
});

const named = (name: string): TrinoCatalog => {
  const catalog = catalogs.get(name);
  if (catalog === undefined) throw new Error(`There is no catalog ${name}.`);
  return catalog;
};

describe.each([['files'], ['rest']])('Trino with the catalog %s', (name) => {
  test('reads every value of every row of every table as `assay query` does', async () => {
    const { compared, found } = await compareTables(named(name), folder);
    expect(found).toEqual([]);
    expect(compared).toBe(23);
  });

  test('travels to every kept snapshot of every table', async () => {
    const { compared, found } = await compareSnapshots(named(name), folder);
    expect(found).toEqual([]);
    expect(compared).toBeGreaterThan(40);
  });

  test('travels to the tags of closed months', async () => {
    expect(await compareTags(named(name), folder)).toEqual({ compared: 2, found: [] });
  });

  test('plans exactly the files that have something to say to a month or a run', async () => {
    const { compared, found } = await compareFiles(named(name), pyiceberg, folder);
    expect(found).toEqual([]);
    expect(compared).toBeGreaterThan(15);
  });
});

test('Trino adds up the identities of Silver to what the seals say, by the text that DuckDB is given', async () => {
  const sealed = await sealedIdentities(folder);
  const sum = `CAST(sum(CAST(${identitySql('source_row_number')} AS DECIMAL(38, 0))) AS VARCHAR)`;
  let compared = 0;
  for (const { namespace, name } of tables.filter((table) => table.namespace === 'silver')) {
    const sql = `SELECT run_id, source_file_id, count(*) AS n, ${sum} AS identity FROM ${namespace}.${name} GROUP BY 1, 2`;
    const [trinos, ours] = [await named('files').ask(sql), await askAssay(folder, sql)];
    expect(differences(name, trinos, ours)).toEqual([]);
    for (const [runId, id, n, identity] of trinos.rows) {
      const seal = sealed.get(`${runId}/${id}`);
      // Rows may have given way to others since.
      if (seal === undefined || seal.silver !== Number(n)) continue;
      expect([name, runId, id, identity]).toEqual([name, runId, id, seal.silverIdentity]);
      compared += 1;
    }
  }
  expect(compared).toBeGreaterThan(5);
});

/** `2024-11-01` and `2025-01-01` → both, and the first of December. */
function monthsBetween(first: string, last: string): string[] {
  const months = [first];
  for (let month = first; month < last; months.push(month)) {
    const [year = 0, number = 0] = month.split('-').map(Number);
    month = new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 10);
  }
  return months;
}

/** The rows of all months of a table that carries, each made from the query of the month before. */
function carriedOn(queries: readonly string[], name: string): string {
  let carry = `SELECT * FROM gold.${name} WHERE false`;
  const made = queries.map((query) => {
    carry = query.replaceAll('{{carry}}', `(${carry})`);
    return `SELECT * FROM (${carry})`;
  });
  return made.join(' UNION ALL ');
}

describe('analysts', () => {
  test("Gold's SQL gives the same rows on Trino as Gold holds", async () => {
    const gold = tables.filter(({ namespace }) => namespace === 'gold');
    expect(gold.length).toBe(5);
    for (const { dataset, name, closings } of gold) {
      const [first, last] =
        (await askAssay(folder, `SELECT min(as_of_month), max(as_of_month) FROM gold.${name}`)).rows[0] ?? [];
      const text = await readFile(path.join(folder, 'sql/gold', `${dataset.replace('.', '/')}.sql`), 'utf8');
      const bound = (from: unknown, to: unknown): string =>
        text.replaceAll('{{from_month}}', `DATE '${from}'`).replaceAll('{{to_month}}', `DATE '${to}'`);
      const sql = text.includes('{{carry}}')
        ? carriedOn(
            monthsBetween(String(first), String(last)).map((month) => bound(month, month)),
            name,
          )
        : bound(first, last);
      // A closed month stays as it was closed, whatever Silver says of it since.
      const closed = closings.map(({ month }) => `DATE '${month}-01'`).join(', ');
      const open = closed === '' ? 'true' : `as_of_month NOT IN (${closed})`;
      const expected = await askAssay(
        folder,
        `SELECT * EXCLUDE silver_snapshot_id FROM gold.${name} WHERE ${open}`,
      );
      const found = await named('files').ask(`SELECT * FROM (${sql}) WHERE ${open}`);
      expect(differences(dataset, found, expected)).toEqual([]);
    }
  });

  test('every spelling of a month that docs/contracts.md recommends reads the files of that month alone', async () => {
    const samples = tables.find(({ name, namespace }) => namespace === 'silver' && name === 'lab_samples');
    if (samples === undefined) throw new Error('There is no silver.lab_samples.');
    const march = { kind: 'time', column: 'taken_at', from: '2024-03-01', to: '2024-04-01' };
    const holding = await pyiceberg.request({ do: 'holding', metadata: samples.metadataLocation, ...march });
    expect(holding).toBeLessThan(await named('files').planned(samples, 'true'));
    const first = "DATE '2024-03-01'";
    for (const condition of [
      `taken_at >= CAST(${first} AS TIMESTAMP WITH TIME ZONE)
        AND taken_at < CAST(${first} + INTERVAL '1' MONTH AS TIMESTAMP WITH TIME ZONE)`,
      "date_trunc('month', taken_at) = TIMESTAMP '2024-03-01 00:00:00 UTC'",
    ])
      expect([condition, await named('files').planned(samples, condition)]).toEqual([condition, holding]);
  });

  test('the named queries of Athena give what `assay query` gives', async () => {
    const source = fileContractSource({
      contractsDir: path.join(folder, 'contracts'),
      sqlDir: path.join(folder, 'sql/gold'),
    });
    const contracts = [...(await loadContracts(source)).contracts.values()];
    const queries = readNamedQueries(path.join(folder, 'sql/athena'), '', contracts);
    const asked = queries.map(({ name }) => name.split(':')[0]);
    expect([...new Set(asked)].sort()).toEqual(Object.keys(NAMED_QUERIES).sort());
    const answered = new Set<string>();
    for (const { name, sql } of queries) {
      const [title = '', dataset = ''] = name.split(': ');
      const { hidden = [], expected } = NAMED_QUERIES[title] ?? {};
      const answer = await named('files').ask(sql);
      const shown = answer.columns.flatMap((column, at) => (hidden.includes(column) ? [] : [at]));
      const pick = <T>(values: readonly T[]): T[] => shown.flatMap((at) => values.slice(at, at + 1));
      const actual = { columns: pick(answer.columns), rows: answer.rows.map(pick) };
      if (actual.rows.length > 0) answered.add(title);
      expect(differences(name, actual, await askAssay(folder, expected?.(dataset) ?? ''))).toEqual([]);
    }
    expect([...answered].sort()).toEqual(Object.keys(NAMED_QUERIES).sort());
  });
});

describe('writers', () => {
  test('Trino appends, changes, optimizes, deletes and expires, and every row is as it should be', async () => {
    expect(await compareWrites(named('files'), pyiceberg, folder)).toEqual([]);
  });
});
