import { createHash } from 'node:crypto';
import type { ContractSource } from '../ports.ts';
import type { Contract } from './contract.ts';
import { canonicalJson } from './digest.ts';
import { loadContracts } from './load-contracts.ts';

/**
 * SHA-256, in hex, of what all usable contracts mean and of the SQL of their Gold tables and the code of their projections: the same wherever they lie and
 * however they are laid out, so that two places can be seen to have the same.
 */
export async function contractsDigest(source: ContractSource): Promise<string> {
  const { contracts } = await loadContracts(source);
  const meanings: Record<string, { digest: string; sql: string }> = {};
  for (const contract of contracts.values()) {
    const code = await codeOf(contract, source);
    meanings[contract.dataset] = { digest: contract.digest, sql: code.replaceAll('\r\n', '\n') };
  }
  return createHash('sha256').update(canonicalJson(meanings)).digest('hex');
}

/** What makes a table that isn't of source files. */
async function codeOf(contract: Contract, source: ContractSource): Promise<string> {
  if (contract.layer === 'gold') return await source.sql(contract.sql);
  if (contract.layer === 'projection' && contract.fold.kind === 'code')
    return (await source.projection(contract.fold.file)).text;
  return '';
}
