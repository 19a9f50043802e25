import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { guarded, ifPresent } from '../adapters/local/file-errors.ts';
import { ConfigError } from '../etl/errors.ts';
import { globBase, globPattern, isGlob } from './glob.ts';

/** What the arguments of `ingest` and `contracts infer` lead to. */
export interface FoundFiles {
  /** Absolute paths, each once, in the order of the arguments and by name within one. */
  readonly files: readonly string[];
  /** Those of them that an argument names itself: the others were found in folders and by globs. */
  readonly named: ReadonlySet<string>;
  /** What lay in a folder and was not taken. */
  readonly skipped: readonly { readonly file: string; readonly why: string }[];
}

/** Whether a name is one that source files have: `.csv`, `.tsv`, `.txt`, `.dat` or `.psv`, also with `.gz`. */
export function isSourceName(name: string): boolean {
  return /^[^.].*\.(csv|tsv|txt|dat|psv)(\.gz)?$/i.test(name);
}

/**
 * The files that paths, folders and globs name; folders are searched to the bottom, but not `exclude` (the lake) and
 * not through links. Throws ConfigError where an argument leads to nothing.
 */
export async function findFiles(
  args: readonly string[],
  { cwd, exclude }: { readonly cwd: string; readonly exclude: string },
): Promise<FoundFiles> {
  const files = new Set<string>();
  const named = new Set<string>();
  const skipped = new Map<string, string>();
  for (const arg of args) {
    const absolute = path.resolve(cwd, arg);
    const stats = await guarded(`looking at ${arg}`, () => ifPresent(() => stat(absolute)));
    if (stats?.isFile() === true) {
      files.add(absolute);
      named.add(absolute);
    } else if (stats?.isDirectory() === true) await addFolder(absolute, arg, { exclude, files, skipped });
    else if (stats !== undefined) throw noFile(arg, 'is neither a file nor a folder');
    else if (isGlob(arg)) await addMatches(arg, { cwd, exclude, files, skipped });
    else throw noFile(arg, "doesn't exist");
  }
  return { files: [...files], named, skipped: [...skipped].map(([file, why]) => ({ file, why })) };
}

interface Found {
  readonly exclude: string;
  readonly files: Set<string>;
  readonly skipped: Map<string, string>;
}

async function addFolder(folder: string, arg: string, { exclude, files, skipped }: Found): Promise<void> {
  let taken = 0;
  for (const file of await filesBelow(folder, exclude)) {
    if (isSourceName(path.basename(file))) taken += files.add(file) === files ? 1 : 0;
    else skipped.set(file, NO_SOURCE);
  }
  if (taken === 0)
    throw noFile(arg, 'holds no .csv, .tsv, .txt, .dat or .psv file (name other files one by one)');
}

async function addMatches(
  arg: string,
  { cwd, exclude, files, skipped }: Found & { readonly cwd: string },
): Promise<void> {
  const pattern = globPattern(path.resolve(cwd, arg).split(path.sep).join('/'));
  const base = path.resolve(cwd, globBase(arg.split(path.sep).join('/')));
  const below = (await ifPresent(() => filesBelow(base, exclude))) ?? [];
  const matches = below.filter((file) => pattern.test(file.split(path.sep).join('/')));
  if (matches.length === 0) throw noFile(arg, 'matches no file');
  for (const file of matches) {
    // `*.md` means those files; `*` means the source files among all.
    if (isSourceName(path.basename(file)) || arg.endsWith(path.extname(file))) files.add(file);
    else skipped.set(file, NO_SOURCE);
  }
}

const NO_SOURCE = 'not a .csv, .tsv, .txt, .dat or .psv file';

/** Every file below a folder, hidden ones and folders left out, ordered by path. */
export async function filesBelow(folder: string, exclude: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = path.join(folder, entry.name);
    if (entry.name.startsWith('.') || file === exclude) continue;
    if (entry.isDirectory()) files.push(...(await filesBelow(file, exclude)));
    else if (entry.isFile() || (entry.isSymbolicLink() && (await leadsToFile(file)))) files.push(file);
  }
  return files;
}

async function leadsToFile(link: string): Promise<boolean> {
  return (await ifPresent(() => stat(link)))?.isFile() === true;
}

function noFile(arg: string, what: string): ConfigError {
  return new ConfigError('NO_FILE', `${arg} ${what}. Nothing was done.`, { context: { path: arg } });
}
