import { fileURLToPath } from 'node:url';
import { fileContractSource } from '../../adapters/local/contract-source.ts';
import type { ContractSource } from '../../etl/ports.ts';

/** The contracts that come with Assay, below contracts/. A dataset of one's own may lie beside them; tests don't count it. */
export const SHIPPED_CONTRACTS: readonly string[] = [
  'finance/account_balances.yaml',
  'mortgages/transactions.yaml',
  'spend/council_payments.yaml',
  'spend/monthly_by_supplier.yaml',
  'spend/monthly_totals.yaml',
];

const folder = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));

/** The shipped contracts and their Gold SQL, and nothing else that lies there. */
export function shippedContracts(): ContractSource {
  const all = fileContractSource({ contractsDir: folder('contracts'), sqlDir: folder('sql/gold') });
  return {
    list: async () => (await all.list()).filter(({ file }) => SHIPPED_CONTRACTS.includes(file)),
    sql: all.sql,
    projection: all.projection,
  };
}
