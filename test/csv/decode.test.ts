import { describe, expect, test } from '@jest/globals';
import type { Encoding } from '../../etl/contract/csv-dialect.ts';
import { toUtf8 } from '../../etl/csv/decode.ts';
import { unmarkedUtf16, utf16ToUtf8 } from '../../etl/csv/utf-16.ts';
import { ENCODINGS } from '../oracle/parse-records.ts';

function read(bytes: Uint8Array, ...encodings: Encoding[]): string | null {
  const utf8 = toUtf8(bytes, encodings);
  return utf8 === undefined ? null : Buffer.from(utf8).toString();
}

async function readUtf16(bytes: Buffer, encoding: 'utf-16le' | 'utf-16be', pieceBytes: number) {
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  };
  const found: Uint8Array[] = [];
  try {
    for await (const piece of utf16ToUtf8(pieces(), encoding)) found.push(Uint8Array.from(piece));
  } catch (error) {
    return error instanceof TypeError ? null : error;
  }
  return Buffer.concat(found).toString();
}

describe('decoding', () => {
  test.each(['windows-1252', 'iso-8859-1'] as const)(
    '%s reads each byte as Python and iconv do',
    (encoding) => {
      const found = Array.from({ length: 256 }, (_, byte) => read(Uint8Array.of(byte), encoding));
      expect(found).toEqual(ENCODINGS[encoding]);
      expect(new Set(found).size).toBe(encoding === 'windows-1252' ? 252 : 256);
    },
  );

  test('bytes that Windows-1252 has no character for are read by what is listed behind it', () => {
    const bytes = Buffer.from('61938d', 'hex');
    expect(read(bytes, 'utf-8', 'windows-1252')).toBeNull();
    expect(read(bytes, 'utf-8', 'windows-1252', 'iso-8859-1')).toBe('a\u0093\u008d');
  });

  test('UTF-16 is read as Python and iconv read it, however it is cut', async () => {
    for (const pieceBytes of [1, 2, 3, 100]) {
      for (const { encoding, hex, text } of ENCODINGS['utf-16'])
        expect([hex, await readUtf16(Buffer.from(hex, 'hex'), encoding, pieceBytes)]).toEqual([hex, text]);
    }
  });

  test.each([
    ['id,Name\n1,Ada\n', ['utf-8', 'utf-16le', 'utf-16be'], 'utf-16le'],
    ['编号,名字\n1,王小明\n', ['utf-8', 'utf-16le', 'utf-16be'], 'utf-16le'],
    ['王小明,李四\n', ['utf-16be', 'utf-16le'], 'utf-16le'],
    ['编', ['utf-16be'], 'utf-16be'],
    ['id,Name\n1,Ada\n', ['utf-8', 'utf-16be'], undefined],
    ['id,Name\n1,Ada\n', ['utf-8', 'windows-1252'], undefined],
  ] as const)('%j without a mark, where a contract lists %j, is %s', (text, listed, expected) => {
    expect(unmarkedUtf16(Buffer.from(text, 'utf16le'), listed)).toBe(expected);
  });

  test('bytes of one a character are not taken for UTF-16, with a NUL among them either', () => {
    expect(
      unmarkedUtf16(Buffer.from('id,name\n1,A\0da\n2,Bob, who came later\n'), ['utf-8', 'utf-16le']),
    ).toBeUndefined();
  });
});
