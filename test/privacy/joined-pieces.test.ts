import { Buffer } from 'node:buffer';
import { expect, test } from '@jest/globals';
import { joinedPieces, type PieceToProtect } from '../../etl/privacy/joined-pieces.ts';

test('pieces are put together until they are large enough, in memory of their own', async () => {
  const window = Buffer.alloc(4);
  async function* pieces(): AsyncGenerator<PieceToProtect> {
    for (const text of ['a\n', 'b\nc\n', 'd\n', '']) {
      window.write(text);
      const broken =
        text === 'd\n'
          ? [
              {
                row: 4,
                line: 4,
                lines: 1,
                problem: 'too few fields',
                text,
                detail: undefined,
                hash: undefined,
              } as const,
            ]
          : [];
      yield { bytes: window.subarray(0, text.length), rows: text.length / 2, broken };
    }
  }
  const joined: unknown[] = [];
  for await (const { bytes, rows, broken } of joinedPieces(pieces(), 5))
    joined.push([Buffer.from(bytes).toString(), rows, broken.map(({ row }) => row)]);
  expect(joined).toEqual([
    ['a\nb\nc\n', 3, []],
    ['d\n', 1, [4]],
  ]);
});
