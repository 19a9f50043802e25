import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sheetsOf } from '../etl/answers/month-sheets.ts';
import { csvLines, jsonLines, jsonlLines } from '../etl/answers/text.ts';
import { workbookOf } from '../etl/answers/xlsx.ts';
import type { QueryAnswer } from '../etl/query/answer.ts';
import type { Args } from './command.ts';
import type { Io } from './io.ts';
import { shownPath } from './locations.ts';
import { printTable, printText, type TableLook } from './print/answer.ts';
import { plural } from './print/format.ts';
import { type Sink, terminalSink, toFile, writeWhole } from './print/sink.ts';
import { usageError } from './usage-error.ts';

/** Formats, and the endings of a file's name that mean them. */
const ENDINGS = {
  table: ['txt'],
  csv: ['csv'],
  json: ['json'],
  jsonl: ['jsonl', 'ndjson'],
  parquet: ['parquet'],
  xlsx: ['xlsx'],
} as const;
type Format = keyof typeof ENDINGS;
/** Every format. */
export const FORMATS = Object.keys(ENDINGS) as readonly Format[];

/** What --format takes, for a command's help. */
export const FORMAT_HELP = 'table, csv, json, jsonl, parquet or xlsx; from the name of --out, else table';

const DEFAULT_ROWS = 200;

/** How and where an answer is to be printed. */
export interface AnswerFormat {
  readonly format: Format;
  /** Absolute path; undefined: stdout. */
  readonly out: string | undefined;
  /** Rows that a table shows. */
  readonly maxRows: number;
  /** Whether stdout takes JSON only. */
  readonly isJson: boolean;
}

/** Reads --format, --out, --max-rows and --json; throws ConfigError `USAGE` where they don't go together. */
export function answerFormat(args: Args, io: Io): AnswerFormat {
  const out = args.text('out');
  const isJson = args.has('json');
  const format = chosenFormat(args);
  if ((format === 'parquet' || format === 'xlsx') && out === undefined)
    throw usageError(`Format ${format} needs a file: add --out FILE.${format}.`);
  if (isJson && out === undefined && format !== 'json') {
    throw usageError(
      `--json and --format ${format} contradict each other: leave one out, or add --out FILE.`,
    );
  }
  const rows = args.text('max-rows');
  if (rows !== undefined && !/^[1-9]\d{0,6}$/.test(rows))
    throw usageError(`--max-rows ${rows} is no number of rows: write e.g. 1000.`);
  // A file is written whole unless it is said otherwise.
  const unlimited = out === undefined ? DEFAULT_ROWS : Number.MAX_SAFE_INTEGER;
  return {
    format,
    out: out === undefined ? undefined : path.resolve(io.cwd, out),
    maxRows: rows === undefined ? unlimited : Number(rows),
    isJson,
  };
}

function chosenFormat(args: Args): Format {
  const named = args.text('format');
  const out = args.text('out');
  const known = FORMATS.find((format) => format === named);
  if (named !== undefined && known === undefined)
    throw usageError(`--format ${named} is unknown: write ${FORMATS.join(', ')}.`);
  if (out === undefined) return known ?? (args.has('json') ? 'json' : 'table');
  const ending = path.extname(out).slice(1).toLowerCase();
  const meant = FORMATS.find((format) => ENDINGS[format].some((one) => one === ending));
  if (known !== undefined && meant !== undefined && meant !== known)
    throw usageError(`--format ${known} and --out ${out} contradict each other: name one format.`);
  const format = known ?? meant;
  if (format === undefined) {
    const endings = FORMATS.flatMap((one) => ENDINGS[one].map((text) => `.${text}`)).join(', ');
    const what = ending === '' ? 'has no ending that says' : `ends in .${ending}, which doesn't say`;
    throw usageError(
      `--out ${out} ${what} in which format to write: end it in one of ${endings}, or add --format.`,
    );
  }
  return format;
}

/** Throws ConfigError `USAGE` where a file of just one format would have a name that says another. */
export function requireEnding(out: string | undefined, endings: readonly string[], format: string): void {
  if (out === undefined || endings.includes(path.extname(out).toLowerCase())) return;
  throw usageError(`--out ${out} would hold ${format}: end it in ${endings.join(' or ')}.`);
}

/** What printing needs beside the answer. */
interface Printing {
  /** Where DuckDB may write a file. */
  readonly scratchDirectory: string;
  readonly isGrouped?: boolean;
  /** Of a spreadsheet: the column of dates, by which the answer is ordered, that gives each month a sheet of its own. */
  readonly sheetPerMonth?: string;
}

/** Prints an answer as it was asked for. */
export async function printAnswer(
  answer: QueryAnswer,
  wanted: AnswerFormat,
  io: Io,
  { isGrouped = false, scratchDirectory, sheetPerMonth }: Printing,
): Promise<void> {
  const { format, out, maxRows, isJson } = wanted;
  if (out === undefined) {
    const look = { colour: io.colour, columns: io.columns, maxRows, isGrouped };
    return await printLines(answer, terminalSink(io), { format, look });
  }
  const look = { colour: false, columns: Number.POSITIVE_INFINITY, maxRows, isGrouped };
  let asText: readonly string[] = [];
  if (format === 'parquet') await writeWhole(out, (temp) => writeParquet(answer, temp, scratchDirectory));
  else if (format === 'xlsx')
    await writeWhole(out, async (temp) => {
      const name = path.basename(out, '.xlsx');
      const workbook = await workbookOf(answer, await sheetsOf(answer, { name, sheetPerMonth }));
      await writeFile(temp, workbook.bytes);
      asText = workbook.asText;
    });
  else await toFile(out, (sink) => printLines(answer, sink, { format, look }));
  const rows = format === 'table' ? Math.min(answer.rowCount, maxRows) : answer.rowCount;
  if (asText.length > 0)
    io.err(
      `${asText.join(', ')}: written as text, because Excel keeps 15 digits, days from March 1900 on and milliseconds.`,
    );
  if (isJson) io.out(JSON.stringify({ out, format, rows }, null, 2));
  else io.err(`${plural(rows, 'row')} written to ${shownPath(out, io)}.`);
}

async function printLines(
  answer: QueryAnswer,
  sink: Sink,
  { format, look }: { readonly format: Format; readonly look: TableLook },
): Promise<void> {
  if (format === 'csv') await printText(csvLines(answer), sink);
  else if (format === 'json') await printText(jsonLines(answer), sink);
  else if (format === 'jsonl') await printText(jsonlLines(answer), sink);
  else await printTable(answer, sink, look);
}

/** By way of scratch space: DuckDB writes nowhere else. */
async function writeParquet(answer: QueryAnswer, file: string, scratchDirectory: string): Promise<void> {
  const written = path.join(scratchDirectory, 'answer.parquet');
  await answer.writeParquet(written);
  await copyFile(written, file);
}
