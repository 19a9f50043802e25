import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../../etl/errors.ts';
import { linkExclusive, removeFile, replaceFile, syncFolder } from './durable-file.ts';
import { guarded, hasCode, ifPresent } from './file-errors.ts';
import { LAKE_FILE, type LakeFolder } from './lake-folder.ts';
import { SHARES, type Share } from './lake-modes.ts';

const LAKE = z.object({
  format: z.literal(1),
  createdAt: z.iso.datetime(),
  /** Secret that keys the digests which stand for personal values, 64 hex digits. */
  digestKey: z.string().regex(/^[0-9a-f]{64}$/),
  /** Who may use the lake beside its owner; nobody where it isn't said. */
  share: z.enum(SHARES).optional(),
});

/** What a lake says of itself. */
export type LakeSettings = z.infer<typeof LAKE>;

/**
 * A lake's settings; undefined where this user may read the lake, but not this secret file. ConfigError 'NOT_A_LAKE'
 * where the folder is none, 'LAKE_FORMAT' where the settings are damaged.
 */
export async function readLakeFile(lake: LakeFolder): Promise<LakeSettings | undefined> {
  const file = path.join(lake.root, LAKE_FILE);
  const text = await guarded(`reading ${file}`, () => ifPresent(() => readUnlessSecret(file)));
  if (text === SECRET) return undefined;
  if (text === undefined) {
    throw new ConfigError(
      'NOT_A_LAKE',
      `${lake.root} is not a lake: make it one with \`assay init --lake ${lake.root}\`, or name another folder.`,
    );
  }
  return parseSettings(file, text);
}

const SECRET = Symbol('a file that this user may not read');

async function readUnlessSecret(file: string): Promise<string | typeof SECRET> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    // Where the folder itself is closed, there is nothing to be looked at either.
    if (hasCode(error, 'EACCES') && (await stat(file)).isFile()) return SECRET;
    throw error;
  }
}

/** Makes a folder a lake; one that is a lake already stays as it is. Returns whether it was made now. */
export async function writeLakeFile(
  lake: LakeFolder,
  { createdAt, share }: { readonly createdAt: Date; readonly share: Share },
): Promise<boolean> {
  const file = path.join(lake.root, LAKE_FILE);
  const settings: LakeSettings = {
    format: 1,
    createdAt: createdAt.toISOString(),
    digestKey: randomBytes(32).toString('hex'),
    ...(share === 'nobody' ? {} : { share }),
  };
  return await guarded(`creating ${file}`, async () => {
    await lake.ensureFolder(lake.root);
    const temp = await lake.writeTemp(bytesOf(settings));
    try {
      const created = await linkExclusive(temp, file);
      await syncFolder(lake.root);
      return created;
    } finally {
      await removeFile(temp);
    }
  });
}

/** Writes down who may use a lake that is there. */
export async function writeShare(lake: LakeFolder, settings: LakeSettings, share: Share): Promise<void> {
  const file = path.join(lake.root, LAKE_FILE);
  await guarded(`writing ${file}`, async () => {
    await replaceFile(await lake.writeTemp(bytesOf({ ...settings, share })), file);
  });
}

const bytesOf = (settings: LakeSettings): Uint8Array => Buffer.from(`${JSON.stringify(settings, null, 2)}\n`);

function parseSettings(file: string, text: string): LakeSettings {
  const parsed = LAKE.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new ConfigError(
    'LAKE_FORMAT',
    `${file} is damaged or from another version of Assay: restore it from a backup, or use the version that wrote it.`,
    { cause: parsed.error },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
