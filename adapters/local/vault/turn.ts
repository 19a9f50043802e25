import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { TransientError } from '../../../etl/errors.ts';
import { ensureFolder, linkExclusive, removeFile } from '../durable-file.ts';
import { ifPresent } from '../file-errors.ts';
import { ownedName, ownerOf } from '../owner.ts';

/** How long to wait for others, and how often to look. */
const WAIT_MS = 120_000;
const LOOK_MS = 15;

/**
 * Runs work while nobody else has their turn in a folder, in this process or another. Turns are files named 1, 2, 3 …
 * that hold their owner's name and then, beside them, that they ended. The next is taken by whoever links it first, and
 * only after the newest has ended or its process has died; the newest is never removed, so that a slow process that
 * takes a number again sees that a higher one is there.
 */
export async function inTurn<T>(folder: string, work: () => Promise<T>, waitMs = WAIT_MS): Promise<T> {
  await ensureFolder(folder, 0o700);
  const own = path.join(folder, ownedName('turn'));
  // Not synced: after a power failure there is nobody whose turn it could be.
  await writeFile(own, path.basename(own), { mode: 0o600, flag: 'wx' });
  try {
    const turn = await takeTurn(folder, own, waitMs);
    try {
      return await work();
    } finally {
      await linkExclusive(own, path.join(folder, `${turn}.ended`));
    }
  } finally {
    await removeFile(own);
  }
}

async function takeTurn(folder: string, own: string, waitMs: number): Promise<number> {
  for (let waitedMs = 0; ; waitedMs += LOOK_MS) {
    const newest = await newestTurn(folder);
    if (newest === 0 || (await isOver(folder, newest))) {
      const turn = newest + 1;
      if (await isMine(folder, own, turn)) {
        await removeOlder(folder, turn);
        return turn;
      }
    }
    if (waitedMs >= waitMs) throw await busy(folder, newest);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Whether the number is taken now; given back where a higher one shows that it was had before. */
async function isMine(folder: string, own: string, turn: number): Promise<boolean> {
  if (!(await linkExclusive(own, path.join(folder, String(turn))))) return false;
  if ((await newestTurn(folder)) === turn) return true;
  await removeFile(path.join(folder, String(turn)));
  return false;
}

async function isOver(folder: string, turn: number): Promise<boolean> {
  const ended = await ifPresent(() => readFile(path.join(folder, `${turn}.ended`)));
  return ended !== undefined || ownerOf(await ownerName(folder, turn)) === 'dead';
}

async function ownerName(folder: string, turn: number): Promise<string> {
  return (await ifPresent(() => readFile(path.join(folder, String(turn)), 'utf8'))) ?? '';
}

async function newestTurn(folder: string): Promise<number> {
  const turns = (await readdir(folder)).map((name) => (/^\d+$/.test(name) ? Number(name) : 0));
  return Math.max(0, ...turns);
}

/** Removes earlier turns, and what their processes left when they died. */
async function removeOlder(folder: string, turn: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, number] = /^(\d+)(?:\.ended)?$/.exec(name) ?? [];
    const isOld = number === undefined ? ownerOf(name) === 'dead' : Number(number) < turn;
    if (isOld) await removeFile(path.join(folder, name));
  }
}

async function busy(folder: string, turn: number): Promise<TransientError> {
  const owner = await ownerName(folder, turn);
  const file = path.join(folder, String(turn));
  return new TransientError(
    'VAULT_BUSY',
    ownerOf(owner) === 'elsewhere'
      ? `The vault is in use on another machine or in another container. If nothing runs there any more, remove ${file}.`
      : 'Another process has the vault for longer than it should: end it, then run again.',
    { context: { owner } },
  );
}
