import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { guarded } from '../adapters/local/file-errors.ts';
import type { Contract } from '../etl/contract/contract.ts';
import { parseContract } from '../etl/contract/parse-contract.ts';
import { ConfigError, messageOf } from '../etl/errors.ts';
import type { Io } from './io.ts';
import { shownPath } from './locations.ts';

/** The text of a contract file; throws ConfigError `NO_FILE` where it can't be read. */
export async function readContractText(file: string): Promise<string> {
  try {
    return await guarded(`reading ${file}`, () => readFile(file, 'utf8'));
  } catch (error) {
    throw new ConfigError('NO_FILE', messageOf(error), { cause: error });
  }
}

/** The contract in a file, wherever it lies; throws ContractError with everything that is wrong with it. */
export async function readContractFile(name: string, io: Io): Promise<Contract> {
  const file = path.resolve(io.cwd, name);
  return parseContract(shownPath(file, io), await readContractText(file));
}
