import { z } from 'zod';
import { type SheetsWanted, sheetsOf } from '../../etl/answers/month-sheets.ts';
import { csvLines, jsonLines, jsonlLines, type Lines } from '../../etl/answers/text.ts';
import { workbookOf } from '../../etl/answers/xlsx.ts';
import type { QueryAnswer } from '../../etl/query/answer.ts';
import { jsonValue } from '../../etl/query/json-value.ts';
import type { OpenAnswer } from '../../etl/query/open-answer.ts';
import { atOnce } from '../http/at-once.ts';
import { heldBytes } from './held-bytes.ts';
import type { FileReply } from './route.ts';

/** The formats of an answer's file, with their media types. */
export const ANSWER_FORMATS = {
  csv: 'text/csv; charset=utf-8; header=present',
  json: 'application/json',
  jsonl: 'application/x-ndjson',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  parquet: 'application/vnd.apache.parquet',
} as const;
export const AnswerFormat = z.enum(['csv', 'json', 'jsonl', 'xlsx', 'parquet']);
export type AnswerFormat = z.infer<typeof AnswerFormat>;

/** All rows of an answer as a file; a spreadsheet has the sheets that are wanted. */
export async function answerBytes(
  answer: QueryAnswer,
  format: AnswerFormat,
  parquet: () => Promise<AsyncIterable<Uint8Array>>,
  wanted: SheetsWanted,
): Promise<AsyncIterable<Uint8Array>> {
  if (format === 'xlsx') return (await workbookOf(answer, await sheetsOf(answer, wanted))).bytes;
  if (format === 'parquet') return await parquet();
  return encoded({ csv: csvLines, json: jsonLines, jsonl: jsonlLines }[format](answer));
}

async function* encoded(lines: Lines): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for await (const block of lines) yield encoder.encode(`${block}\n`);
}

/** Each has an engine of its own. */
const enter = atOnce(4);

/** What a file has and is called. */
interface WantedFile {
  readonly format: AnswerFormat;
  /** Without its ending. */
  readonly name: string;
  readonly sheetPerMonth?: string | undefined;
}

/** An answer's file; what it stands on is let go once it is read, or nobody reads it. */
export async function answerFile(
  open: () => Promise<OpenAnswer>,
  { format, name, sheetPerMonth }: WantedFile,
): Promise<Omit<FileReply, 'kind'>> {
  const leave = await enter();
  let opened: OpenAnswer | undefined;
  const close = async (): Promise<void> => {
    leave();
    await opened?.close();
  };
  try {
    opened = await open();
    const { answer, parquet } = opened;
    const bytes = await answerBytes(answer, format, parquet, { name, sheetPerMonth });
    return { name: `${name}.${format}`, type: ANSWER_FORMATS[format], bytes: heldBytes(bytes, close) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Rows of an answer as JSON has them, by name; end-exclusive. */
export async function rowsOf(
  { columns, rows }: QueryAnswer,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Record<string, unknown>[]> {
  return (await rows(from, to)).map((row) =>
    Object.fromEntries(columns.map((column, n) => [column.name, jsonValue(row[n] ?? null, column)])),
  );
}
