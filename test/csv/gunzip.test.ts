import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { gunzip } from '../../etl/csv/gunzip.ts';

/** Members and what may stand between them. Python 3.11's gzip module reads what is read here and refuses the rest. */

const [A, B] = ['id,day\n'.repeat(20), 'b,2024-01-02\n'];
const zeros = (count: number): Buffer => Buffer.alloc(count);

async function unpacked(packed: Uint8Array, pieceBytes: number): Promise<string> {
  // A piece is good only until the next is asked for, as of a store.
  async function* pieces(): AsyncGenerator<Uint8Array> {
    const piece = Buffer.alloc(pieceBytes);
    for (let at = 0; at < packed.length; at += pieceBytes) {
      const part = packed.subarray(at, at + pieceBytes);
      piece.fill(0xff).set(part);
      yield piece.subarray(0, part.length);
    }
  }
  const found: Uint8Array[] = [];
  for await (const piece of gunzip(pieces())) found.push(Uint8Array.from(piece));
  return Buffer.concat(found).toString('utf8');
}

const [a, b] = [gzipSync(A), gzipSync(B)];

test.each([1, 7, a.length, a.length + 5, 65_536])(
  'members are read behind zeros, in pieces of %i bytes',
  async (size) => {
    expect(await unpacked(a, size)).toBe(A);
    expect(await unpacked(Buffer.concat([a, b]), size)).toBe(A + B);
    expect(await unpacked(Buffer.concat([a, zeros(512)]), size)).toBe(A);
    expect(await unpacked(Buffer.concat([a, zeros(512), b]), size)).toBe(A + B);
    expect(await unpacked(Buffer.concat([a, zeros(1), b, zeros(3), a, b, zeros(70_000)]), size)).toBe(
      A + B + A + B,
    );
  },
);

test.each([1, 7, a.length, 65_536])(
  'anything else behind a member is refused, in pieces of %i bytes',
  async (size) => {
    const junk = Buffer.from('id,day\n');
    await expect(unpacked(Buffer.concat([a, junk]), size)).rejects.toThrow('incorrect header check');
    await expect(unpacked(Buffer.concat([a, zeros(512), junk]), size)).rejects.toThrow(
      'incorrect header check',
    );
    await expect(unpacked(Buffer.concat([a, zeros(512), b.subarray(0, -4)]), size)).rejects.toThrow(
      'unexpected end of file',
    );
    await expect(unpacked(Buffer.concat([a, zeros(512), Buffer.from([0x1f])]), size)).rejects.toThrow(
      'unexpected end of file',
    );
  },
);
