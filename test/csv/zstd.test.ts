import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { unzstd } from '../../etl/csv/zstd.ts';

/** Files that the zstd command packed: test/archives/make.py. */

const A = 'id,day,amount\na1,2024-01-02,1.50\na2,2024-01-03,2.25\n';
const B = 'b1,2024-02-02,10.00\n';

async function unpacked(name: string, pieceBytes: number): Promise<string> {
  const packed = await readFile(fileURLToPath(new URL(`../archives/files/${name}`, import.meta.url)));
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < packed.length; at += pieceBytes) yield packed.subarray(at, at + pieceBytes);
  }
  const found: Uint8Array[] = [];
  for await (const piece of unzstd(pieces())) found.push(Uint8Array.from(piece));
  return Buffer.concat(found).toString('utf8');
}

test.each([1, 7, 65_536])('frames are unpacked, in pieces of %i bytes', async (pieceBytes) => {
  expect(await unpacked('plain.zst', pieceBytes)).toBe(A);
  expect(await unpacked('no-checksum.zst', pieceBytes)).toBe(A);
  expect(await unpacked('frames.zst', pieceBytes)).toBe(A + B);
});

test.each([
  ['checksum.zst', 'its checksum is another'],
  ['cut.zst', 'it ends too early'],
  ['long.zst', /^to unpack it takes 2147483648 bytes of memory/],
])('%s is not read', async (name, why) => {
  await expect(unpacked(name, 4096)).rejects.toThrow(why);
});
