import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError } from '../../../etl/errors.ts';
import {
  ensureFolder,
  linkExclusive,
  removeFile,
  replaceFile,
  syncFolder,
  writeSynced,
} from '../durable-file.ts';
import { guarded, ifPresent } from '../file-errors.ts';
import { ownedName } from '../owner.ts';

/** The keys that open a vault, kept apart from it. */
export interface RootKeys {
  /** Newest first; throws ConfigError where there is none, or where others may read it. */
  read(): Promise<readonly Uint8Array[]>;
  /** Keeps other keys instead, durably; absent where only a person can. */
  replace?(keys: readonly Uint8Array[]): Promise<void>;
}

/** The keys of a text such as `$ASSAY_VAULT_KEY` has: 64 hex digits each, newest first, with blanks or commas between. */
export function rootKeysOf(text: string, where: string): RootKeys {
  return { read: async () => parse(text, where) };
}

/** The keys, of which there is one at least. */
export function requireKeys(keys: readonly Uint8Array[]): readonly [Uint8Array, ...Uint8Array[]] {
  const [first, ...rest] = keys;
  if (first === undefined) throw new RangeError('no key was read');
  return [first, ...rest];
}

/** The keys in a file, one a line. It must be its owner's alone, as a private key is. */
export function rootKeyFile(file: string): RootKeys {
  return {
    read: () => guarded(`reading ${file}`, () => readKeys(file)),
    replace: (keys) => guarded(`writing ${file}`, () => write(file, keys, replaceFile)),
  };
}

/** Makes a file with a new random key; leaves a file that is there as it is. Returns whether it was made now. */
export function createRootKeyFile(file: string): Promise<boolean> {
  return guarded(`creating ${file}`, async () => {
    let isMade = false;
    await write(file, [randomBytes(32)], async (temp, target) => {
      isMade = await linkExclusive(temp, target);
      await syncFolder(path.dirname(target));
    });
    return isMade;
  });
}

async function readKeys(file: string): Promise<readonly Uint8Array[]> {
  const stats = await ifPresent(() => stat(file));
  if (stats === undefined) {
    throw new ConfigError(
      'VAULT_KEY_MISSING',
      `The vault's key is to be in ${file}, and there is no such file: restore it, or name another one.`,
      { context: { file } },
    );
  }
  // Windows knows no modes.
  if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0) {
    throw new ConfigError(
      'VAULT_KEY_EXPOSED',
      `Others than its owner may read the vault's key: chmod 600 ${file}, and have the vault's key renewed if anybody did.`,
      { context: { file } },
    );
  }
  return parse(await readFile(file, 'utf8'), file);
}

async function write(
  file: string,
  keys: readonly Uint8Array[],
  place: (temp: string, target: string) => Promise<void>,
): Promise<void> {
  const folder = path.dirname(file);
  await ensureFolder(folder, 0o700);
  const temp = path.join(folder, ownedName(`.${path.basename(file)}`));
  try {
    await writeSynced(
      temp,
      Buffer.from(keys.map((key) => `${Buffer.from(key).toString('hex')}\n`).join('')),
      0o600,
    );
    await place(temp, file);
  } finally {
    await removeFile(temp);
  }
}

function parse(text: string, where: string): readonly Uint8Array[] {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  if (words.length > 0 && words.every((word) => /^[0-9a-fA-F]{64}$/.test(word)))
    return words.map((word) => Buffer.from(word, 'hex'));
  throw new ConfigError(
    'VAULT_KEY_MISSING',
    `${where} holds no key of a vault: write 64 hex digits, e.g. from \`openssl rand -hex 32\`; where there are several, the newest first.`,
    { context: { where } },
  );
}
