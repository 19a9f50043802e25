import { gzipSync } from 'node:zlib';
import { type CaseLine, type FuzzCase, HEADER_SIGN, KEY_SIGN } from './arbitrary-case.ts';

/** Key of a line's record in the file at a place among those of its run: no other record of the run has it. */
export function keyOf(place: number, line: number): string {
  return `k${String(place).padStart(5, '0')}r${String(line).padStart(3, '0')}`;
}

/** The bytes of a case that stands at a place among those of its run. */
export function makeFile({ packing, header, lines, isEnded }: FuzzCase, place: number): Buffer {
  const all = [header, ...lines];
  const pieces = all.map((line, n) => {
    const end = n === all.length - 1 && !isEnded ? '' : line.end;
    return {
      line,
      text: line.text.replaceAll(KEY_SIGN, keyOf(place, n)).replaceAll(HEADER_SIGN, header.text) + end,
    };
  });
  const bytes = Buffer.concat(pieces.map(({ line, text }) => encode(line, text)));
  switch (packing) {
    case 'plain':
      return bytes;
    case 'marked':
      return Buffer.concat([Buffer.from('efbbbf', 'hex'), bytes]);
    case 'gzip':
      return gzipSync(bytes);
    case 'cut gzip':
      return gzipSync(bytes).subarray(0, -6);
    case 'bare utf-16':
      return Buffer.from(pieces.map(({ text }) => text).join(''), 'utf16le');
    case 'utf-16le':
    case 'utf-16be':
    case 'odd utf-16': {
      const little = Buffer.from(`\ufeff${pieces.map(({ text }) => text).join('')}`, 'utf16le');
      if (packing === 'utf-16le') return little;
      return packing === 'utf-16be' ? little.swap16() : little.subarray(0, -1);
    }
  }
}

function encode({ encoding }: CaseLine, text: string): Buffer {
  return Buffer.from(text, encoding);
}
