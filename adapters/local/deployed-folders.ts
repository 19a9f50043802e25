import path from 'node:path';
import type { ContractFolders } from './contract-source.ts';

/**
 * The contracts and the Gold SQL that a deployment is made of: those of the repository at `root`, or the folder that
 * $ASSAY_CONTRACTS names, with `sql/gold` beside it.
 */
export function deployedFolders(
  root: string,
  { ASSAY_CONTRACTS: named }: Readonly<Record<string, string | undefined>>,
): ContractFolders {
  const contractsDir = path.resolve(root, named || 'contracts');
  return { contractsDir, sqlDir: path.join(path.dirname(contractsDir), 'sql', 'gold') };
}
