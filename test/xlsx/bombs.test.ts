import { Buffer } from 'node:buffer';
import { expect, test } from '@jest/globals';
import { zipOf } from '../../etl/answers/zip.ts';
import { sheetText } from '../../etl/xlsx/sheet-text.ts';
import { memoryScratch } from '../csv/memory-scratch.ts';

/** Workbooks of a few kilobytes that would fill a machine's memory or disk, each refused for what it does. */

const REL = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const SPREADSHEET = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const relation = (id: string, type: string, target: string): string =>
  `<Relationship Id="${id}" Type="${REL}/${type}" Target="${target}"/>`;

type Part = string | Iterable<string>;

/** A workbook with some of its parts as they are given. */
async function workbook(parts: Readonly<Record<string, Part>>): Promise<Buffer> {
  const all: Readonly<Record<string, Part>> = {
    '_rels/.rels': `<Relationships>${relation('a', 'officeDocument', 'xl/workbook.xml')}</Relationships>`,
    'xl/workbook.xml': `<workbook xmlns:r="${REL}"><sheets><sheet name="One" r:id="s"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships>${relation('s', 'worksheet', 'sheet.xml')}${relation('t', 'sharedStrings', 'strings.xml')}${relation('u', 'styles', 'styles.xml')}</Relationships>`,
    'xl/strings.xml': '<sst/>',
    'xl/styles.xml': '<styleSheet/>',
    'xl/sheet.xml': sheet('<row r="1"><c t="str"><v>id</v></c></row>'),
    ...parts,
  };
  const pieces: Uint8Array[] = [];
  const files = Object.entries(all).map(([name, content]) => ({
    name,
    texts: typeof content === 'string' ? [content] : content,
  }));
  for await (const piece of zipOf(files)) pieces.push(piece);
  return Buffer.concat(pieces);
}

const sheet = (rows: string): string =>
  `<worksheet xmlns="${SPREADSHEET}"><sheetData>${rows}</sheetData></worksheet>`;

/** The same bytes so many times, between a beginning and an end. */
function* repeated(start: string, text: string, times: number, end: string): Generator<string> {
  yield start;
  const perPiece = Math.max(1, Math.floor(262_144 / text.length));
  const piece = text.repeat(perPiece);
  for (let left = times; left > 0; left -= perPiece)
    yield left >= perPiece ? piece : piece.slice(0, left * text.length);
  yield end;
}

/** Why a workbook is refused. */
async function refusal(bytes: Buffer, maxUnpackedBytes: number): Promise<string> {
  const file = {
    sizeBytes: bytes.length,
    async *read({ start, end }: { start: number; end: number }) {
      for (let at = start; at < end; at += 65_536) yield bytes.subarray(at, Math.min(end, at + 65_536));
    },
  };
  const format = { delimiter: ',', quote: '"', escape: '"', decimal: '.', maxUnpackedBytes } as const;
  const told = await sheetText(file, format, { scratch: memoryScratch(), name: 'x' }).catch(
    (error: unknown) => error,
  );
  return told instanceof Error ? told.message : 'it was read';
}

const row = (n: number, cells: string): string => `<row r="${n}">${cells}</row>`;

test.each<[string, () => Promise<Buffer>, RegExp, number?]>([
  [
    'a zip bomb',
    async () => await workbook({ 'xl/media/0.bin': repeated('', '\0'.repeat(65_536), 800, '') }),
    /^it unpacks to \d+ bytes, more than the 50000000/,
    5e7,
  ],
  [
    'texts that cells share',
    async () =>
      await workbook({
        'xl/strings.xml': repeated('<sst>', `<si><t>${'x'.repeat(1_000_000)}</t></si>`, 205, '</sst>'),
      }),
    /texts that its cells share are too many/,
    3e8,
  ],
  [
    'one text of many parts',
    async () =>
      await workbook({
        'xl/strings.xml': repeated('<sst><si>', `<r><t>${'x'.repeat(1000)}</t></r>`, 2000, '</si></sst>'),
      }),
    /a text in it is too long/,
  ],
  [
    'one text that goes on',
    async () =>
      await workbook({
        'xl/sheet.xml': repeated('<worksheet><sheetData><row><c><v>', '1'.repeat(1000), 40_000, '</v>'),
      }),
    /a text in it is too long/,
  ],
  [
    'entities within entities',
    async () =>
      await workbook({
        'xl/sheet.xml': `<!DOCTYPE x [<!ENTITY a "${'x'.repeat(1000)}"><!ENTITY b "${'&a;'.repeat(1000)}"><!ENTITY c "${'&b;'.repeat(1000)}">]>${sheet(row(1, '<c t="str"><v>&c;</v></c>'))}`,
      }),
    /a part of it is no XML that can be read \(.*entity/,
  ],
  [
    'elements within elements',
    async () => await workbook({ 'xl/sheet.xml': repeated('<worksheet>', '<a>', 1_000_000, '') }),
    /more than 64 deep/,
  ],
  [
    'styles without number',
    async () =>
      await workbook({
        'xl/styles.xml': repeated('<styleSheet><cellXfs>', '<xf/>', 600_000, '</cellXfs></styleSheet>'),
      }),
    /more than 500000 elements/,
  ],
  [
    'a million columns',
    async () =>
      await workbook({
        'xl/sheet.xml': repeated('<worksheet><sheetData><row>', '<c><v>1</v></c>', 1_000_000, '</row>'),
      }),
    /its row 1 has a cell in column 16385, and no sheet has more than 16384/,
  ],
  [
    'a cell far to the right',
    async () => await workbook({ 'xl/sheet.xml': sheet(row(1, '<c r="XFD1"><v>1</v></c>')) }),
    /it has cells up to column 16384, and more than 2000 are not read/,
  ],
  [
    'a row far below',
    async () => await workbook({ 'xl/sheet.xml': sheet(row(4_000_000_000, '<c><v>1</v></c>')) }),
    /it has a row 4000000000, and no sheet has more than 1048576/,
  ],
  [
    'few cells that make many fields',
    async () =>
      await workbook({
        'xl/sheet.xml': repeated(
          `<worksheet><sheetData><row r="1"><c r="BXX1"><v>1</v></c></row>`,
          '<row><c><v>1</v></c></row>',
          110_000,
          '</sheetData></worksheet>',
        ),
      }),
    /its rows come to \d+ bytes, more than the 50000000/,
    5e7,
  ],
  [
    'a row of long texts',
    async () =>
      await workbook({
        'xl/sheet.xml': repeated(
          '<worksheet><sheetData><row>',
          `<c t="str"><v>${'x'.repeat(900_000)}</v></c>`,
          100,
          '</row>',
        ),
      }),
    /its row 1 is too long/,
  ],
])('%s: the workbook is refused', async (_, make, why, mostBytes = 2e8) => {
  const bytes = await make();
  expect(bytes.length).toBeLessThan(1_000_000);
  expect(await refusal(bytes, mostBytes)).toMatch(why);
});
