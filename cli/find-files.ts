import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { guarded, ifPresent } from '../adapters/local/file-errors.ts';
import { type FoundFile, type Links, plainProblem } from '../adapters/local/plain-file.ts';
import { ConfigError } from '../etl/errors.ts';
import { isSourceName } from '../etl/naming/bronze.ts';
import { globBase, globPattern, isGlob } from './glob.ts';

/** What the arguments of `ingest` and `contracts infer` lead to. */
export interface FoundFiles {
  /** Each file once, by its absolute path, in the order of the arguments and by name within one. */
  readonly files: readonly (FoundFile & { readonly file: string })[];
  /** What lay in a folder and was not taken. */
  readonly skipped: readonly { readonly file: string; readonly why: string }[];
}

/** Where to look, and what of. */
export interface Looking {
  readonly cwd: string;
  /** A folder that isn't searched: the lake. */
  readonly exclude: string;
  readonly links: Links;
}

/**
 * The files that paths, folders and globs name; folders are searched to the bottom, but not `exclude`. Links are taken
 * for what they lead to, or refused. Throws ConfigError where an argument leads to nothing, or is a link that is refused.
 */
export async function findFiles(args: readonly string[], looking: Looking): Promise<FoundFiles> {
  const found: Found = { ...looking, files: new Map(), skipped: new Map() };
  for (const arg of args) {
    const absolute = path.resolve(looking.cwd, arg);
    const stats = await guarded(`looking at ${arg}`, () => ifPresent(() => lstat(absolute)));
    if (stats === undefined && isGlob(arg)) await addMatches(arg, found);
    else if (stats === undefined) throw noFile(arg, "doesn't exist");
    else if (await isFolder(absolute, looking.links)) await addFolder(absolute, arg, found);
    else {
      const problem = await ifPresent(() => plainProblem(absolute, { links: looking.links }));
      if (problem !== undefined) throw noFile(arg, problem);
      found.files.set(absolute, { links: looking.links });
    }
  }
  return {
    files: [...found.files].map(([file, how]) => ({ file, ...how })),
    skipped: [...found.skipped].map(([file, why]) => ({ file, why })),
  };
}

interface Found extends Looking {
  readonly files: Map<string, FoundFile>;
  readonly skipped: Map<string, string>;
}

async function addFolder(folder: string, arg: string, found: Found): Promise<void> {
  let taken = 0;
  for (const file of await filesBelow(folder, found))
    taken += (await take(file, isSourceName(path.basename(file)), { below: folder, found })) ? 1 : 0;
  if (taken === 0)
    throw noFile(
      arg,
      'holds no .csv, .tsv, .txt, .dat, .psv, .jsonl, .ndjson, .xlsx or .zip file (name other files one by one)',
    );
}

async function addMatches(arg: string, found: Found): Promise<void> {
  const pattern = globPattern(path.resolve(found.cwd, arg).split(path.sep).join('/'));
  const base = path.resolve(found.cwd, globBase(arg.split(path.sep).join('/')));
  const below = (await ifPresent(() => filesBelow(base, found))) ?? [];
  const matches = below.filter((file) => pattern.test(file.split(path.sep).join('/')));
  if (matches.length === 0) throw noFile(arg, 'matches no file');
  for (const file of matches) {
    // `*.md` means those files; `*` means the source files among all.
    const isMeant = isSourceName(path.basename(file)) || arg.endsWith(path.extname(file));
    await take(file, isMeant, { below: base, found });
  }
}

/** Adds what was found in a folder to the files or to what is skipped; returns whether it is a file to take. */
async function take(
  file: string,
  isMeant: boolean,
  { below, found }: { readonly below: string; readonly found: Found },
): Promise<boolean> {
  if (found.files.has(file)) return true;
  const how = { links: found.links, below };
  const problem = isMeant ? await ifPresent(() => plainProblem(file, how)) : NO_SOURCE;
  if (problem === undefined) found.files.set(file, how);
  else found.skipped.set(file, problem);
  return problem === undefined;
}

const NO_SOURCE = 'not a .csv, .tsv, .txt, .dat, .psv, .jsonl or .ndjson file';

/**
 * Everything below a folder but folders, hidden names and `exclude`, ordered by path: files, and pipes, devices and links,
 * which are the caller's to look at. Folders behind links are searched only where links are followed, each once.
 */
export async function filesBelow(
  folder: string,
  { exclude, links }: Pick<Looking, 'exclude' | 'links'>,
  searched: Set<string> = new Set(),
): Promise<string[]> {
  const real = await realpath(folder);
  if (searched.has(real)) return [];
  searched.add(real);
  const entries = await readdir(folder, { withFileTypes: true });
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = path.join(folder, entry.name);
    if (entry.name.startsWith('.') || file === exclude) continue;
    const isSearched = entry.isDirectory() || (entry.isSymbolicLink() && (await isFolder(file, links)));
    if (isSearched) files.push(...(await filesBelow(file, { exclude, links }, searched)));
    else files.push(file);
  }
  return files;
}

async function isFolder(file: string, links: Links): Promise<boolean> {
  const stats = await ifPresent(() => (links === 'follow' ? stat(file) : lstat(file)));
  return stats?.isDirectory() === true;
}

function noFile(arg: string, what: string): ConfigError {
  return new ConfigError('NO_FILE', `${arg} ${what}. Nothing was done.`, { context: { path: arg } });
}
