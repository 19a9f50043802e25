import { createHash } from 'node:crypto';
import type { ContractSource } from '../ports.ts';
import { canonicalJson } from './digest.ts';
import { loadContracts } from './load-contracts.ts';

/**
 * SHA-256, in hex, of what all usable contracts mean and of the SQL of their Gold tables: the same wherever they lie and
 * however they are laid out, so that two places can be seen to have the same.
 */
export async function contractsDigest(source: ContractSource): Promise<string> {
  const { contracts } = await loadContracts(source);
  const meanings: Record<string, { digest: string; sql: string }> = {};
  for (const contract of contracts.values()) {
    const sql = contract.layer === 'gold' ? await source.sql(contract.sql) : '';
    meanings[contract.dataset] = { digest: contract.digest, sql: sql.replaceAll('\r\n', '\n') };
  }
  return createHash('sha256').update(canonicalJson(meanings)).digest('hex');
}
