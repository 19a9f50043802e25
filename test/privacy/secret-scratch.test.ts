import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { scratchOpener } from '../../adapters/local/scratch.ts';
import { secretScratch } from '../../etl/privacy/secret-scratch.ts';
import { tempFolder } from '../adapters/temp-folder.ts';

test('a secret scratch file is read as it was written, in any range, and says nothing on the disk', async () => {
  const { folder, dispose } = await tempFolder();
  const scratch = secretScratch(await scratchOpener(folder)('test'));
  const token = Buffer.from('planted-in-scratch');
  const bytes = Buffer.concat([
    randomBytes(1001),
    ...Array.from({ length: 30_000 }, () => token),
    randomBytes(7),
  ]);
  const [one, other] = [await scratch.create('one'), await scratch.create('other')];
  for (let at = 0; at < bytes.length; at += 50_021) {
    await one.write(bytes.subarray(at, at + 50_021));
    await other.write(bytes.subarray(at, at + 50_021));
  }
  await one.close();
  await other.close();
  const read = async (range?: { start: number; end?: number }): Promise<Buffer> => {
    const parts: Buffer[] = [];
    for await (const part of scratch.read(one.path, range)) parts.push(Buffer.from(part));
    return Buffer.concat(parts);
  };
  expect((await read()).equals(bytes)).toBe(true);
  for (const [start, end] of [
    [0, 1],
    [15, 17],
    [16, 16],
    [1001, 1019],
    [123_457, undefined],
    [bytes.length - 3, bytes.length],
  ] as const)
    expect(
      (await read({ start, ...(end === undefined ? {} : { end }) })).equals(bytes.subarray(start, end)),
    ).toBe(true);
  const [raw, rawOther] = [await readFile(one.path), await readFile(other.path)];
  expect(raw.length).toBe(bytes.length);
  expect(raw.includes(token)).toBe(false);
  // Two files share no piece of the key's stream, and neither repeats what it says.
  expect(raw.subarray(0, 64).equals(rawOther.subarray(0, 64))).toBe(false);
  expect(
    new Set(
      Array.from({ length: 1000 }, (_, n) => raw.subarray(2000 + 16 * n, 2016 + 16 * n).toString('hex')),
    ).size,
  ).toBe(1000);
  expect(path.dirname(one.path)).toBe(scratch.directory);
  await scratch.dispose();
  await dispose();
});
