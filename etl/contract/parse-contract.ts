import type { Contract } from './contract.ts';
import { ContractError } from './problems.ts';
import { readContract } from './read-contract.ts';

/**
 * The contract that an ODCS v3 text describes. Throws ContractError, a ConfigError with code CONTRACT_INVALID, that
 * names every problem as `file:line: path: what is wrong; what to write`.
 */
export function parseContract(file: string, text: string): Contract {
  const result = readContract(file, text);
  if (result.kind === 'invalid') throw new ContractError(result.problems);
  return result.contract;
}
