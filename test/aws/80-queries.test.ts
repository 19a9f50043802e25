import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  StartQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { fileContractSource } from '../../adapters/local/contract-source.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { readNamedQueries } from '../../lib/query/named-queries.ts';
import { connect, type Platform } from './support/platform.ts';
import { ROOT } from './support/python.ts';
import { readTables, runScript } from './support/read-tables.ts';
import { until } from './support/until.ts';

/** The analysts' named queries on what the tests before have published. */

const SCRIPT = fileURLToPath(new URL('readers/run_queries.py', import.meta.url));
const DATASET = 'mortgages.transactions';
const Rows = z.record(z.string(), z.array(z.record(z.string(), z.unknown())));

let platform: Platform;
let rows: z.infer<typeof Rows>;

beforeAll(async () => {
  platform = await connect('queries');
  const { python, url, outputs } = platform.session;
  const source = fileContractSource({
    contractsDir: path.join(ROOT, 'contracts'),
    sqlDir: path.join(ROOT, 'sql/gold'),
  });
  const contracts = [...(await loadContracts(source)).contracts.values()];
  const queries = readNamedQueries(path.join(ROOT, 'sql/athena'), outputs.DatabasePrefix, contracts);
  expect(queries.length).toBeGreaterThan(5);
  rows = Rows.parse(JSON.parse(await runScript(python, SCRIPT, JSON.stringify({ endpoint: url, queries }))));
});

describe('named queries', () => {
  test('run history has every promoted run with the counts of its record', async () => {
    const promoted = (await platform.records(DATASET)).filter(
      ({ status, files }) => status === 'promoted' && files.length > 0,
    );
    const history = rows[`run history: ${DATASET}`] ?? [];
    const found = history.map(({ run_id, records, silver, quarantined, condemned, blank }) => ({
      run_id,
      counts: [records, silver, quarantined, condemned, blank].map(Number),
    }));
    const expected = promoted.map(({ runId, counts }) => ({
      run_id: runId,
      counts: [counts.records, counts.silver, counts.quarantined, counts.condemned, counts.blank],
    }));
    const byRun = (a: { run_id: unknown }, b: { run_id: unknown }) =>
      String(a.run_id) < String(b.run_id) ? -1 : 1;
    expect(found.sort(byRun)).toEqual(expected.sort(byRun));
  });

  test('quarantine by reason counts the records that are quarantined, and what was condemned is open no more', async () => {
    const reasons = rows[`quarantine by reason: ${DATASET}`] ?? [];
    const types = reasons.find(({ code, column_name }) => code === 'TYPE_ERROR' && column_name === 'amount');
    expect(Number(types?.records)).toBeGreaterThan(0);
    expect(Number(types?.most_attempts)).toBe(2);
    expect(Number(types?.still_open)).toBeLessThan(Number(types?.records));
  });

  test('the balances of the last month add up to all transactions, by currency', async () => {
    const [silver] = await readTables(platform.session, [
      { table: platform.glueName('silver', DATASET), sums: ['amount'] },
    ]);
    const byCurrency = rows['balances by currency'] ?? [];
    const last = byCurrency.filter(({ as_of_month }) => as_of_month === byCurrency[0]?.as_of_month);
    const cents = (text: unknown): bigint => BigInt(String(text).replace('.', ''));
    const sum = last.reduce((total, { balance }) => total + cents(balance), 0n);
    expect(sum).toBe(cents(silver?.sums.amount));
    expect(rows['balances at month end']?.length).toBe(
      last.reduce((total, { accounts }) => total + Number(accounts), 0),
    );
  });

  test('freshness names the last run', async () => {
    const [fresh] = rows[`freshness: ${DATASET}`] ?? [];
    expect(fresh?.last_run_id).toBe((await platform.pointer('silver', DATASET))?.run_id);
  });
});

test('the workgroup takes a query and answers it', async () => {
  const athena = new AthenaClient();
  const { QueryExecutionId } = await athena.send(
    new StartQueryExecutionCommand({
      QueryString: 'SELECT 42 AS answer',
      WorkGroup: platform.session.outputs.Workgroup,
    }),
  );
  const state = await until('the query', async () => {
    const { QueryExecution } = await athena.send(new GetQueryExecutionCommand({ QueryExecutionId }));
    const found = QueryExecution?.Status?.State ?? '';
    return ['SUCCEEDED', 'FAILED', 'CANCELLED'].includes(found) && found;
  });
  expect(state).toBe('SUCCEEDED');
  const { ResultSet } = await athena.send(new GetQueryResultsCommand({ QueryExecutionId }));
  expect(ResultSet?.Rows?.at(-1)?.Data?.[0]?.VarCharValue).toBe('42');
});
