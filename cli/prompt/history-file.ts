import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import type { Io } from '../io.ts';

const MOST = 1000;

/** The statements of earlier sessions, oldest first; none where there is no file. */
export async function readHistory(io: Io): Promise<string[]> {
  const file = historyFile(io);
  if (file === undefined) return [];
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

/** Keeps statements for the next session, for this user alone; does nothing where they can't be kept. */
export async function writeHistory(io: Io, statements: readonly string[]): Promise<void> {
  const file = historyFile(io);
  if (file === undefined) return;
  const text = statements.slice(-MOST).join('\n');
  try {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, `${text}\n`, { mode: 0o600 });
  } catch {
    // A read-only home is no reason to stop.
  }
}

/** `$ASSAY_HISTORY`, or a file in the user's own folder; undefined where it is `off`. */
function historyFile({ env }: Io): string | undefined {
  if (env.ASSAY_HISTORY === 'off') return undefined;
  if (env.ASSAY_HISTORY) return env.ASSAY_HISTORY;
  const state = env.XDG_STATE_HOME || path.join(env.HOME || homedir(), '.local', 'state');
  return path.join(state, 'assay', 'query-history');
}
