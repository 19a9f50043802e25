import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError } from '../../etl/errors.ts';
import type { ContractSource, ContractText } from '../../etl/ports.ts';
import { guarded, ifPresent } from './file-errors.ts';
import { filesUnder } from './list-objects.ts';

/** Where the contracts (`<domain>/<dataset>.yaml`) and Gold's SQL (`finance/<table>.sql`) lie. */
export interface ContractFolders {
  readonly contractsDir: string;
  readonly sqlDir: string;
}

/** Contracts and SQL as files. `file` is relative to the contracts folder, with forward slashes. */
export function fileContractSource(folders: ContractFolders): ContractSource {
  return {
    list: () => guarded(`reading contracts in ${folders.contractsDir}`, async () => await readAll(folders)),
    sql: (name) => guarded(`reading ${name}`, async () => await readSql(folders, name)),
  };
}

async function readAll({ contractsDir }: ContractFolders): Promise<ContractText[]> {
  const stats = await ifPresent(() => stat(contractsDir));
  if (stats?.isDirectory() !== true) {
    throw new ConfigError(
      'NO_CONTRACTS',
      `${contractsDir} is not a folder: name the one with the contracts.`,
    );
  }
  const files = (await filesUnder(contractsDir, ''))
    .map(({ key }) => key)
    .filter((key) => /\.ya?ml$/i.test(key))
    .sort();
  return await Promise.all(
    files.map(async (file) => ({ file, text: await readText(path.join(contractsDir, file)) })),
  );
}

async function readSql({ sqlDir }: ContractFolders, name: string): Promise<string> {
  const file = path.resolve(sqlDir, name);
  const isInside = file.startsWith(path.resolve(sqlDir) + path.sep) && file.endsWith('.sql');
  if (!isInside) throw new ConfigError('SQL_NAME', `'${name}' is not a .sql file below ${sqlDir}.`);
  const text = await ifPresent(() => readText(file));
  if (text !== undefined) return text;
  throw new ConfigError(
    'SQL_MISSING',
    `${file} doesn't exist: add it, or correct the contract that names it.`,
  );
}

async function readText(file: string): Promise<string> {
  const bytes = await readFile(file);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ConfigError('TEXT_ENCODING', `${file} is not UTF-8 text: save it as UTF-8.`, { cause: error });
  }
}
