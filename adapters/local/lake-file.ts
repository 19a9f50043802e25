import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../../etl/errors.ts';
import { ensureFolder, linkExclusive, removeFile, syncFolder } from './durable-file.ts';
import { guarded, ifPresent } from './file-errors.ts';
import { LAKE_FILE, type LakeFolder } from './lake-folder.ts';

const LAKE = z.object({
  format: z.literal(1),
  createdAt: z.iso.datetime(),
  /** Secret that keys the digests which stand for personal values, 64 hex digits. */
  digestKey: z.string().regex(/^[0-9a-f]{64}$/),
});

/** What a lake says of itself. */
export type LakeSettings = z.infer<typeof LAKE>;

/** A lake's settings; ConfigError 'NOT_A_LAKE' where the folder is none, 'LAKE_FORMAT' where they can't be read. */
export async function readLakeFile(lake: LakeFolder): Promise<LakeSettings> {
  const file = path.join(lake.root, LAKE_FILE);
  const text = await guarded(`reading ${file}`, () => ifPresent(() => readFile(file, 'utf8')));
  if (text === undefined) {
    throw new ConfigError(
      'NOT_A_LAKE',
      `${lake.root} is not a lake: make it one with \`assay init --lake ${lake.root}\`, or name another folder.`,
    );
  }
  return parseSettings(file, text);
}

/** Makes a folder a lake; one that is a lake already stays as it is. Returns whether it was made now. */
export async function writeLakeFile(lake: LakeFolder, createdAt: Date): Promise<boolean> {
  const file = path.join(lake.root, LAKE_FILE);
  const settings: LakeSettings = {
    format: 1,
    createdAt: createdAt.toISOString(),
    digestKey: randomBytes(32).toString('hex'),
  };
  return await guarded(`creating ${file}`, async () => {
    await ensureFolder(lake.root);
    const temp = await lake.writeTemp(Buffer.from(`${JSON.stringify(settings, null, 2)}\n`), 0o600);
    try {
      const created = await linkExclusive(temp, file);
      await syncFolder(lake.root);
      return created;
    } finally {
      await removeFile(temp);
    }
  });
}

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
