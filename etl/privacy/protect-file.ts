import { Buffer } from 'node:buffer';
import { GATES_NAME, RESCUED_NAME } from '../contract/check-columns.ts';
import type { SourceContract } from '../contract/contract.ts';
import { normaliseHeader } from '../contract/header.ts';
import { otherHeader } from '../contract/other-header.ts';
import type { Opened } from '../csv/opened.ts';
import { readPieces } from '../csv/pieces.ts';
import type { PlainSigns } from '../csv/rewrite.ts';
import { DataError } from '../errors.ts';
import { personalData } from '../stages/personal-data.ts';
import { joinedPieces } from './joined-pieces.ts';
import type { PiiCount } from './pii/pii-count.ts';
import { cellStart, cellText } from './plain-records.ts';
import { beginPiece, type PieceProtection } from './protect-piece.ts';
import { openRowProtector, type ProtectorParts } from './protect-rows.ts';
import { watchClear } from './watch-clear.ts';

/**
 * So much of a file is protected at one time. The vault is asked once for all new people in it, and writes most of its
 * files for them: 32 files for fifty thousand people cost little more than for one. More at one time would take more
 * memory for each new person in it.
 */
const AT_ONCE_BYTES = 4 * 1024 * 1024;

/** A file that was opened at its first record, and what it is protected with. */
export interface FileToProtect extends ProtectorParts {
  /** As people know it. */
  readonly name: string;
  readonly opened: Opened;
  readonly contract: SourceContract;
  /**
   * Whether a record that would be stored with personal data in the clear is sealed whole, instead of the file being refused:
   * of events each came by itself.
   */
  readonly sealsPersonal?: boolean;
  /** Fields that dates are read from, beside those that the plan names. */
  readonly dateFields: readonly number[];
}

/**
 * A file as it goes to Bronze: UTF-8, a header of the contract's names, then its records in their order, each of them one,
 * in plain signs. What it was packed in, its encoding, its name and whatever stood above its header are gone. Throws
 * DataError `NOT_READABLE` where a second table begins in it, and at its end `PERSONAL_IN_CLEAR` where a column that is
 * public or internal holds personal data: nothing of it may be stored then, unless such records are sealed whole. Bytes are
 * good until the next are asked for.
 */
export async function* protectedFile(file: FileToProtect): AsyncGenerator<Buffer> {
  const { opened, plan, contract } = file;
  const { layout, format } = opened;
  const planned = [...plan.subjects, ...plan.cells].map(({ place }) => place);
  const [refuseOther, clear] = [otherHeaderRefusal(file), watchClear(contract, layout)];
  const pieces: PieceProtection = {
    protector: await openRowProtector(file),
    needed: [...new Set([...planned, ...plan.dropped, ...file.dateFields])],
    ...{ fields: layout.fields, plain: format.plain, newline: layout.newline },
    ...{ isFooter: footerForm(contract), delimiter: contract.csv.delimiter },
    look: (records, record, row) => {
      refuseOther(records, record, row);
      if (file.sealsPersonal !== true) clear.look(records, record);
    },
    personalIn: file.sealsPersonal === true ? clear.columnsOf : undefined,
  };
  yield headerLine(file);
  yield* protectedPieces(opened, pieces);
  refusePersonal(file, clear.found());
}

/** A piece is read, and its people are found, while the values of the one before are sealed. */
async function* protectedPieces(opened: Opened, protection: PieceProtection): AsyncGenerator<Buffer> {
  let row = opened.first.row;
  let before: Promise<Iterable<Buffer>> | undefined;
  try {
    const read = readPieces(opened.window, opened.format, opened.first);
    for await (const piece of joinedPieces(read, AT_ONCE_BYTES)) {
      const finish = await beginPiece(piece, row, protection);
      row += piece.rows;
      if (before !== undefined) yield* await before;
      before = finish();
      // A failure is thrown where its bytes would have come; until then it must not count as unhandled.
      before.catch(() => undefined);
    }
    if (before !== undefined) yield* await before;
  } finally {
    await Promise.allSettled([before]);
  }
}

/** What is known to be personal by its form stays where it is, as long as it would be stored in the clear. */
function refusePersonal({ name, contract }: FileToProtect, pii: PiiCount[]): void {
  const why = personalData({ pii }, contract);
  if (why.length === 0) return;
  throw new DataError(
    'PERSONAL_IN_CLEAR',
    `${name} was left where it is, for it would be stored with personal data in the clear: ${why.join('; ')}.`,
    { context: { name } },
  );
}

/** Refuses a record that is another header: what follows it would be protected by the wrong names. */
function otherHeaderRefusal({ name, opened, contract }: FileToProtect): PieceProtection['look'] {
  const { column, spellings, isIn } = otherHeader(contract);
  const columns = contract.columns.flatMap((one, n) => {
    const field = opened.layout.columns[n];
    return field === undefined ? [] : [{ name: one.name, field }];
  });
  const at = columns.find((one) => one.name === column)?.field;
  if (at === undefined) return () => undefined;
  const begins = firstLetters(spellings.keys());
  return (records, record, row) => {
    if (begins[records.bytes[cellStart(records, record, at)] ?? 0] === 0) return;
    if (!spellings.has(normaliseHeader(cellText(records, record, at)))) return;
    const texts = columns.map((one) => [one.name, cellText(records, record, one.field)] as const);
    if (!isIn(Object.fromEntries(texts))) return;
    throw new DataError(
      'NOT_READABLE',
      `${name} was left where it is: record ${row} is a header that names its columns otherwise than the first one, and what follows would be protected under the wrong names. Bring both tables as files of their own.`,
      { context: { name } },
    );
  };
}

/** By the first byte of a text whether it may be a spelling: digits and signs of ASCII are what they are. */
function firstLetters(spellings: Iterable<string>): Uint8Array {
  const begins = new Uint8Array(256).fill(1);
  for (let digit = 0x30; digit <= 0x39; digit++) begins[digit] = 0;
  for (const sign of [0x2b, 0x2d]) begins[sign] = 0;
  for (const spelling of spellings) begins[spelling.charCodeAt(0) & 255] = 1;
  return begins;
}

/** Whether a text has the form of the records of the source's footer, as DuckDB would say. */
function footerForm({ csv }: Pick<SourceContract, 'csv'>): ((text: string) => boolean) | undefined {
  if (csv.footerPattern === undefined) return undefined;
  const form = new RegExp(`^(?:${csv.footerPattern})$`, 'u');
  return (text) => form.test(text);
}

/** The header: the contract's names; unknown columns keep theirs, and a field without a name has none. */
function headerLine({ opened: { layout, format }, contract }: FileToProtect): Buffer {
  const names = Array.from({ length: layout.fields }, () => '');
  for (const [n, field] of layout.columns.entries())
    if (field !== undefined) names[field] = contract.columns[n]?.name ?? '';
  for (const { field, name } of layout.unknown) names[field] = name;
  if (layout.rescued !== undefined) names[layout.rescued] = RESCUED_NAME;
  if (layout.gates !== undefined) names[layout.gates] = GATES_NAME;
  const cells = names.map((name) => quoted(name, format.plain));
  return Buffer.from(cells.join(format.plain.delimiter) + layout.newline);
}

const quoted = (text: string, { quote }: PlainSigns): string =>
  quote + text.replaceAll(quote, quote + quote) + quote;
