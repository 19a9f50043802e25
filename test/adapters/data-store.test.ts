import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type FileDataStore, fileDataStore } from '../../adapters/local/data-store.ts';
import { lakeFolder } from '../../adapters/local/lake-folder.ts';
import { tempFolder } from './temp-folder.ts';

/** Linux's file system in memory, and the disk with the packages: one of them is another device than the temporary files'. */
const MEMORY = '/dev/shm';
const CHECKOUT = fileURLToPath(new URL('../../node_modules', import.meta.url));

const ARRIVAL = { arrivedMs: Date.parse('2024-05-01T06:00:00.123Z') };
const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const deviceOf = async (place: string): Promise<number> => (await stat(place)).dev;

/** A new folder on another device than this one; undefined where the machine has a single device. */
async function elsewhere(folder: string): Promise<string | undefined> {
  for (const place of [MEMORY, CHECKOUT])
    if (existsSync(place) && (await deviceOf(place)) !== (await deviceOf(folder)))
      return await mkdtemp(path.join(place, 'assay-other-device-'));
  return undefined;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('data store on files', () => {
  let folder: string;
  let dispose: () => Promise<void>;
  let data: FileDataStore;
  beforeEach(async () => {
    ({ folder, dispose } = await tempFolder());
    await mkdir(path.join(folder, 'lake/bronze'), { recursive: true });
    data = fileDataStore(lakeFolder(path.join(folder, 'lake')));
  });
  afterEach(() => dispose());
  const inLake = (key: string): string => path.join(folder, 'lake', key);
  const source = async (text: string): Promise<string> => {
    const file = path.join(folder, 'drop.csv');
    await writeFile(file, text);
    return file;
  };
  /** A text of a size whose digest is remembered. */
  const large = (text: string): string => text.repeat(64 * 1024);
  /** Changes what is remembered of a key, to see whether it is used. */
  const forge = async (key: string): Promise<string> => {
    const file = inLake(`.digests/${key}.json`);
    const forged = '0'.repeat(64);
    await writeFile(file, (await readFile(file, 'utf8')).replace(/"digest":"\w+"/, `"digest":"${forged}"`));
    return forged;
  };

  test('the pieces of a stream are the bytes in order, a few MiB at most each', async () => {
    const bytes = Buffer.alloc(5_000_001, 'abcdefghij');
    await writeFile(inLake('bronze/big'), bytes);
    const pieces: Uint8Array[] = [];
    for await (const piece of data.stream('bronze/big')) pieces.push(Uint8Array.from(piece));
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(sha256(Buffer.concat(pieces))).toBe(sha256(bytes));
    expect(await data.digest('bronze/big')).toBe(sha256(bytes));
  });

  test('what is missing is a DataError that names it', async () => {
    const missing = { name: 'DataError', code: 'NOT_FOUND', message: expect.stringContaining('bronze/none') };
    await expect(data.digest('bronze/none')).rejects.toMatchObject(missing);
    await expect(data.localPath('bronze/none')).rejects.toMatchObject(missing);
    await expect(data.publish(path.join(folder, 'none'), 'bronze/none')).rejects.toMatchObject(missing);
    await expect(data.stream('bronze/none')[Symbol.asyncIterator]().next()).rejects.toMatchObject(missing);
  });

  test('a key that leaves the lake is refused', async () => {
    const refused = { name: 'ConfigError', code: 'KEY_REFUSED' };
    await expect(async () => await data.digest('../x')).rejects.toMatchObject(refused);
    await expect(async () => await data.localPath('../x')).rejects.toMatchObject(refused);
    await expect(async () => await data.publish('/tmp/x', '../x')).rejects.toMatchObject(refused);
    await expect(async () => await data.addFile('/tmp/x', '../x', ARRIVAL)).rejects.toMatchObject(refused);
  });

  test('adding a file copies it, hashes it, and leaves nothing else behind', async () => {
    const added = await data.addFile(await source('a,b\n1,2\n'), 'bronze/x/drop.csv', ARRIVAL);
    expect(added).toEqual({
      key: 'bronze/x/drop.csv',
      digest: sha256('a,b\n1,2\n'),
      sizeBytes: 8,
      existed: false,
    });
    expect(await readFile(inLake('bronze/x/drop.csv'), 'utf8')).toBe('a,b\n1,2\n');
    expect(await readdir(inLake('.tmp'))).toEqual([]);
  });

  test('the same bytes again are recognised, other bytes are a conflict that tells their digest', async () => {
    await data.addFile(await source('one'), 'bronze/drop.csv', ARRIVAL);
    expect(await data.addFile(await source('one'), 'bronze/drop.csv', ARRIVAL)).toMatchObject({
      existed: true,
      sizeBytes: 3,
    });
    await expect(data.addFile(await source('two'), 'bronze/drop.csv', ARRIVAL)).rejects.toMatchObject({
      name: 'ConflictError',
      code: 'NAME_TAKEN',
      context: { digest: sha256('two') },
    });
    expect(await readFile(inLake('bronze/drop.csv'), 'utf8')).toBe('one');
  });

  test('of many who add different files under one name, one is first and none is overwritten', async () => {
    const texts = Array.from({ length: 12 }, (_, i) => `file ${i % 4}`);
    const results = await Promise.allSettled(
      texts.map(async (text, i) => {
        const file = path.join(folder, `drop-${i}.csv`);
        await writeFile(file, text);
        return await data.addFile(file, 'bronze/drop.csv', ARRIVAL);
      }),
    );
    const stored = await readFile(inLake('bronze/drop.csv'), 'utf8');
    const added = results.filter((result) => result.status === 'fulfilled').map((result) => result.value);
    expect(added.filter((file) => !file.existed)).toHaveLength(1);
    expect(added).toHaveLength(3);
    expect(new Set(added.map((file) => file.digest))).toEqual(new Set([sha256(stored)]));
  });

  test('the digest of a large file that was added is not computed again, a small one is read', async () => {
    await data.addFile(await source(large('one')), 'bronze/drop.csv', ARRIVAL);
    expect(await data.digest('bronze/drop.csv')).toBe(sha256(large('one')));
    const forged = await forge('bronze/drop.csv');
    expect(await data.digest('bronze/drop.csv')).toBe(forged);
    await data.addFile(await source('one'), 'bronze/small.csv', ARRIVAL);
    expect(await data.digest('bronze/small.csv')).toBe(sha256('one'));
    await expect(stat(inLake('.digests/bronze/small.csv.json'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('others have their turn while one small file after another is read', async () => {
    await writeFile(inLake('bronze/small.csv'), 'one');
    let hadTurn = false;
    setImmediate(() => {
      hadTurn = true;
    });
    for (let n = 0; n < 500_000 && !hadTurn; n++)
      for await (const piece of data.stream('bronze/small.csv')) expect(piece.length).toBe(3);
    expect(hadTurn).toBe(true);
  });

  test('a pipe in a small file’s place keeps nobody waiting', async () => {
    execFileSync('mkfifo', [inLake('bronze/pipe.csv')]);
    const pieces: Uint8Array[] = [];
    for await (const piece of data.stream('bronze/pipe.csv')) pieces.push(piece);
    expect(pieces).toEqual([]);
    await expect(data.digest('bronze/pipe.csv')).rejects.toMatchObject({ code: 'NOT_PLAIN' });
  });

  test('a remembered digest is not used for changed bytes, even of the same size and mtime', async () => {
    await data.addFile(await source(large('one')), 'bronze/drop.csv', ARRIVAL);
    const { atime, mtime } = await stat(inLake('bronze/drop.csv'));
    await pause(20);
    const handle = await open(inLake('bronze/drop.csv'), 'r+');
    await handle.write(large('two'));
    await handle.close();
    await utimes(inLake('bronze/drop.csv'), atime, mtime);
    expect(await data.digest('bronze/drop.csv')).toBe(sha256(large('two')));
  });

  test('the digest of a file that changed a moment ago is not remembered, of an older one it is', async () => {
    await writeFile(inLake('bronze/a'), large('one'));
    await data.digest('bronze/a');
    await expect(stat(inLake('.digests/bronze/a.json'))).rejects.toMatchObject({ code: 'ENOENT' });
    await pause(2100);
    await data.digest('bronze/a');
    const forged = await forge('bronze/a');
    expect(await data.digest('bronze/a')).toBe(forged);
  });

  test('a damaged memory of a digest is ignored', async () => {
    await data.addFile(await source(large('one')), 'bronze/drop.csv', ARRIVAL);
    for (const damage of ['', '{', '{"digest":"x"}', '\0\0\0']) {
      await writeFile(inLake('.digests/bronze/drop.csv.json'), damage);
      expect(await data.digest('bronze/drop.csv')).toBe(sha256(large('one')));
    }
  });

  test('a file that is still being written is a TransientError', async () => {
    const file = path.join(folder, 'growing.csv');
    await writeFile(file, Buffer.alloc(20_000_000));
    const handle = await open(file, 'a');
    const adding = data.addFile(file, 'bronze/growing.csv', ARRIVAL);
    const grow = setInterval(() => void handle.write('more'), 1);
    await expect(adding).rejects.toMatchObject({ name: 'TransientError', code: 'FILE_CHANGING' });
    clearInterval(grow);
    await handle.close();
    expect(await readdir(inLake('.tmp'))).toEqual([]);
    expect(await readdir(inLake('bronze'))).toEqual([]);
  });

  test('publishing moves a scratch file, and a repeat under the same key replaces it', async () => {
    for (const text of ['one', 'two']) {
      const scratch = path.join(folder, 'part.parquet');
      await writeFile(scratch, text);
      await data.publish(scratch, 'silver/a/part.parquet');
      expect(await readFile(await data.localPath('silver/a/part.parquet'), 'utf8')).toBe(text);
      await expect(stat(scratch)).rejects.toMatchObject({ code: 'ENOENT' });
    }
  });

  test('layers on another device work: files are copied beside their place first', async () => {
    const other = await elsewhere(folder);
    if (other === undefined) return;
    try {
      for (const layer of ['silver', 'raw']) {
        await mkdir(path.join(other, layer));
        await symlink(path.join(other, layer), inLake(layer));
      }
      const scratch = path.join(folder, 'part.parquet');
      await writeFile(scratch, 'rows');
      await data.publish(scratch, 'silver/a/part.parquet');
      expect(await readdir(inLake('silver/a'))).toEqual(['part.parquet']);
      expect(await data.addFile(await source('one'), 'raw/drop.csv', ARRIVAL)).toMatchObject({
        existed: false,
      });
      expect(await data.addFile(await source('one'), 'raw/drop.csv', ARRIVAL)).toMatchObject({
        existed: true,
      });
      expect(await readdir(inLake('raw'))).toEqual(['drop.csv']);
    } finally {
      await rm(other, { recursive: true });
    }
  });
});
