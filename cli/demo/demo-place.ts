import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { LAKE_FILE } from '../../adapters/local/lake-folder.ts';
import { ConfigError } from '../../etl/errors.ts';
import type { Args } from '../command.ts';
import type { Io } from '../io.ts';
import { shownPath } from '../locations.ts';

/** Where contracts, Gold SQL and examples lie: in a clone its root, in the npm package dist/. */
const HOME = fileURLToPath(new URL('../..', import.meta.url));

/** Where a demo plays. */
export interface DemoPlace {
  /** The folder of its lake, as a person would name it. */
  readonly lake: string;
  /** How `assay` is called where the demo runs: in a clone, and in a folder that has the package, by npx. */
  readonly prefix: string;
  /** The options that say where things are, as far as they are not where a command looks for them anyway. */
  readonly options: readonly string[];
}

/** Makes room for a demo's lake: removes that of an earlier demo, never a folder that a person named. Throws ConfigError where that is there. */
export async function openDemoPlace(
  args: Args,
  io: Io,
  { lake: ownLake, contracts }: { readonly lake: string; readonly contracts: string },
): Promise<DemoPlace> {
  const named = args.text('lake');
  const lake = named ?? ownLake;
  await makeRoom(path.resolve(io.cwd, lake), named !== undefined);
  const isFound = path.join(HOME, contracts) === path.join(io.cwd, 'contracts');
  const isClone = path.join(io.cwd, 'contracts') === path.join(HOME, 'contracts');
  return {
    lake,
    prefix: isClone || io.env.npm_command === 'exec' ? 'npx assay' : 'assay',
    options: ['--lake', lake, ...(isFound ? [] : ['--contracts', shownPath(path.join(HOME, contracts), io)])],
  };
}

/** A file or folder that comes with Assay, as a person would write it from here. */
export const examplePath = (name: string, io: Io): string =>
  path.relative(io.cwd, path.join(HOME, 'examples', name));

async function makeRoom(lake: string, isNamed: boolean): Promise<void> {
  if (!existsSync(lake)) return;
  if (isNamed || !existsSync(path.join(lake, LAKE_FILE)))
    throw new ConfigError(
      'FOLDER_EXISTS',
      `${lake} is there already, and demo would make it anew: name a folder that isn't there yet.`,
    );
  await rm(lake, { recursive: true });
}
