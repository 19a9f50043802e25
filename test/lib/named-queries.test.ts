import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Contract } from '../../etl/contract/contract.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { readNamedQueries } from '../../lib/query/named-queries.ts';
import { shippedContracts } from '../support/shipped-contracts.ts';

const folder = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));

let contracts: Contract[];
beforeAll(async () => {
  contracts = [...(await loadContracts(shippedContracts())).contracts.values()];
});

describe('named queries', () => {
  test('a query about a dataset comes once for each that has source files', () => {
    const names = readNamedQueries(folder('sql/athena'), 'p_', contracts).map(({ name }) => name);
    expect(names).toEqual([
      'balances at month end',
      'balances by currency',
      'freshness: mortgages.transactions',
      'freshness: spend.council_payments',
      'quarantine by reason: mortgages.transactions',
      'quarantine by reason: spend.council_payments',
      'run history: mortgages.transactions',
      'run history: spend.council_payments',
    ]);
  });

  test('no placeholder is left, and each says what it answers', () => {
    for (const { sql, description } of readNamedQueries(folder('sql/athena'), 'p_', contracts)) {
      expect(sql).not.toMatch(/\{\{/);
      expect(description.length).toBeGreaterThan(40);
      expect(description).not.toMatch(/^--/);
    }
  });

  test('they read only tables that contracts make', () => {
    const tables = new Set(
      contracts.flatMap(({ layer, domain, name }) =>
        layer === 'gold'
          ? [`p_gold.${domain}_${name}`]
          : [
              ...['silver', 'quarantine', 'condemned'].map((one) => `p_${one}.${domain}_${name}`),
              `p_ops.source_files_${domain}_${name}`,
            ],
      ),
    );
    for (const { sql } of readNamedQueries(folder('sql/athena'), 'p_', contracts)) {
      const read = [...sql.matchAll(/FROM "(\w+)"\."(\w+)"/g)].map(([, db, table]) => `${db}.${table}`);
      expect(read.length).toBeGreaterThan(0);
      for (const table of read) expect(tables).toContain(table);
    }
  });

  test('an unknown placeholder is refused', () => {
    const place = mkdtempSync(path.join(tmpdir(), 'assay-queries-'));
    writeFileSync(path.join(place, 'a.sql'), 'SELECT {{nothing}}');
    expect(() => readNamedQueries(place, 'p_', contracts)).toThrow(/nothing is known to put in/);
    rmSync(place, { recursive: true });
  });
});
