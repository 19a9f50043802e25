import { gzipSync } from 'node:zlib';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { type CaseLine, type FuzzCase, HEADER_SIGN, KEY_SIGN } from './arbitrary-case.ts';
import { DIALECTS } from './dialects.ts';

/** Key of a line's record in the file at a place among those of its run: no other record of the run has it. */
export function keyOf(place: number, line: number): string {
  return `k${String(place).padStart(5, '0')}r${String(line).padStart(3, '0')}`;
}

/** The bytes of a case that stands at a place among those of its run. */
export function makeFile({ dialect, packing, header, lines, isEnded }: FuzzCase, place: number): Buffer {
  const { contract } = DIALECTS[dialect] ?? {};
  const all = [header, ...lines];
  const history = historyOf(contract, place);
  const footer = footerOf(contract, place);
  const pieces = all.map((line, n) => {
    const isLast = n === all.length - 1 && !isEnded && footer === '';
    const end = `${isLast ? '' : line.end}${n === 0 ? history : ''}${n === all.length - 1 ? footer : ''}`;
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

/** Records that other files of the run have, too, some of them more than once; and one whose amount is not always the same. */
function historyOf(contract: SourceContract | undefined, place: number): string {
  if (contract?.redelivery === undefined && contract?.recordKey === undefined) return '';
  const records = ['old1,2024-01-01,1.00,,', 'old2,2024-02-01,2.00,a,7', `old3,2024-02-02,${place % 2}.50,,`];
  return records.map((record, n) => `${record}\n`.repeat((place + n) % 4)).join('');
}

/** What stands below the records, as far as it is a footer's; now and then it would pass as a record, or is missing. */
function footerOf(contract: SourceContract | undefined, place: number): string {
  const { footerLines, footerPattern } = contract?.csv ?? {};
  if (footerPattern !== undefined)
    return (
      ['Total,1\n', 'Total\nTotal,x,y,z,1\n', '', 'Total 9,2024-01-01,1.00,,\n', '"Total, 1",,2,,\n\n'][
        place % 5
      ] ?? ''
    );
  if (footerLines === undefined) return '';
  return (
    ['Printed\nPage 1\n', 'x,y,z,,\n,,,,\n1\n\n', '', 'Printed\n', 'Page 1,,,,\nPage 2,,,,'][place % 5] ?? ''
  );
}

function encode({ encoding }: CaseLine, text: string): Buffer {
  return Buffer.from(text, encoding);
}
