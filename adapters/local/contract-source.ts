import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError } from '../../etl/errors.ts';
import type { ContractSource, ContractText, ObjectInfo } from '../../etl/ports.ts';
import { guarded, ifPresent } from './file-errors.ts';
import { filesUnder } from './list-objects.ts';

/** Where the contracts (`<domain>/<dataset>.yaml`), Gold's SQL (`finance/<table>.sql`) and the code of projections lie. */
export interface ContractFolders {
  readonly contractsDir: string;
  readonly sqlDir: string;
  /** With `<domain>/<name>.ts`; `projections` beside the contracts' folder unless given. */
  readonly projectionsDir?: string;
}

/** Contracts and SQL as files. `file` is relative to the contracts folder, with forward slashes. */
export function fileContractSource(folders: ContractFolders): ContractSource {
  const known: KnownTexts = new Map();
  return {
    list: () =>
      guarded(`reading contracts in ${folders.contractsDir}`, async () => await readAll(folders, known)),
    sql: (name) => guarded(`reading ${name}`, async () => await readSql(folders, name)),
    projection: (name) =>
      guarded(`reading projections/${name}`, async () => await readProjection(projectionsOf(folders), name)),
  };
}

/** Texts that were read, and the files as they were then. */
type KnownTexts = Map<string, { readonly info: ObjectInfo; readonly text: string; readonly readMs: number }>;

/** Some file systems tell whole seconds: a file that was written so shortly before it was read may have changed since. */
const SETTLED_MS = 3000;

async function readAll({ contractsDir }: ContractFolders, known: KnownTexts): Promise<ContractText[]> {
  const stats = await ifPresent(() => stat(contractsDir));
  if (stats?.isDirectory() !== true) {
    throw new ConfigError(
      'NO_CONTRACTS',
      `${contractsDir} is not a folder: name the one with the contracts (--contracts), or make a first one of a file (assay new dataset FILE).`,
    );
  }
  const files = (await filesUnder(contractsDir, ''))
    .filter(({ key }) => /\.ya?ml$/i.test(key))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  return await Promise.all(
    files.map(async (info) => ({ file: info.key, text: await textOf(info, contractsDir, known) })),
  );
}

/** The file's text: as it was read before where the file is the same, else read now. */
async function textOf(info: ObjectInfo, contractsDir: string, known: KnownTexts): Promise<string> {
  const before = known.get(info.key);
  const isSame =
    before?.info.modifiedMs === info.modifiedMs &&
    before.info.sizeBytes === info.sizeBytes &&
    before.readMs - info.modifiedMs > SETTLED_MS;
  if (isSame) return before.text;
  const readMs = Date.now();
  const text = await readText(path.join(contractsDir, info.key));
  known.set(info.key, { info, text, readMs });
  return text;
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

/** The folder with the code of projections. */
export const projectionsOf = ({ contractsDir, projectionsDir }: ContractFolders): string =>
  projectionsDir ?? path.join(path.dirname(path.resolve(contractsDir)), 'projections');

/** Endings of a projection's code; the first that is there is taken. */
const ENDINGS = ['.ts', '.mts', '.js', '.mjs'] as const;

async function readProjection(folder: string, name: string): Promise<ContractText> {
  if (!/^[a-z][a-z0-9_]*\/[a-z][a-z0-9_]*$/.test(name))
    throw new ConfigError('PROJECTION_NAME', `'${name}' is no name of a projection: write <domain>/<name>.`);
  for (const ending of ENDINGS) {
    const file = `${name}${ending}`;
    const text = await ifPresent(() => readText(path.join(folder, file)));
    if (text !== undefined) return { file, text };
  }
  throw new ConfigError(
    'PROJECTION_MISSING',
    `${path.join(folder, `${name}.ts`)} doesn't exist: write it, exporting apply(state, event), or name a fold that ships in the contract (assay.fold).`,
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
