import path from 'node:path';
import type { QueryAnswer } from '../etl/query/run-query.ts';
import type { Args } from './command.ts';
import type { Io } from './io.ts';
import { shownPath } from './locations.ts';
import { printCsv, printJson, printTable } from './print/answer.ts';
import { plural } from './print/format.ts';
import { type Sink, terminalSink, toFile, writeWhole } from './print/sink.ts';
import { usageError } from './usage-error.ts';

const FORMATS = ['table', 'csv', 'json', 'parquet'] as const;
type Format = (typeof FORMATS)[number];

const DEFAULT_ROWS = 200;

/** How and where an answer is to be printed. */
export interface AnswerFormat {
  readonly format: Format;
  /** Absolute path; undefined: stdout. */
  readonly out: string | undefined;
  readonly maxRows: number;
  /** Whether stdout takes JSON only. */
  readonly isJson: boolean;
}

/** Reads --format, --out, --max-rows and --json; throws ConfigError `USAGE` where they don't go together. */
export function answerFormat(args: Args, io: Io, formats: readonly Format[] = FORMATS): AnswerFormat {
  const out = args.text('out');
  const isJson = args.has('json');
  const format = chosenFormat(args, formats);
  if (format === 'parquet' && out === undefined) {
    throw usageError('Parquet needs a file: add --out FILE.parquet.');
  }
  if (isJson && out === undefined && format !== 'json') {
    throw usageError(
      `--json and --format ${format} contradict each other: leave one out, or add --out FILE.`,
    );
  }
  const rows = args.text('max-rows') ?? String(DEFAULT_ROWS);
  if (!/^[1-9]\d{0,6}$/.test(rows))
    throw usageError(`--max-rows ${rows} is no number of rows: write e.g. 1000.`);
  return {
    format,
    out: out === undefined ? undefined : path.resolve(io.cwd, out),
    maxRows: Number(rows),
    isJson,
  };
}

function chosenFormat(args: Args, formats: readonly Format[]): Format {
  const named = args.text('format');
  const wanted = named ?? path.extname(args.text('out') ?? '').slice(1);
  const known = formats.find((format) => format === wanted);
  if (known !== undefined) return known;
  if (named !== undefined) throw usageError(`--format ${named} is unknown: write ${formats.join(', ')}.`);
  return args.has('json') && args.text('out') === undefined ? 'json' : 'table';
}

/** Prints an answer as it was asked for. */
export async function printAnswer(
  answer: QueryAnswer,
  wanted: AnswerFormat,
  io: Io,
  { isGrouped = false }: { readonly isGrouped?: boolean } = {},
): Promise<void> {
  const { format, out, maxRows, isJson } = wanted;
  const print = async (sink: Sink): Promise<void> => {
    const look =
      out === undefined
        ? { colour: io.colour, columns: io.columns, maxRows, isGrouped }
        : { colour: false, columns: Number.POSITIVE_INFINITY, maxRows, isGrouped };
    if (format === 'csv') await printCsv(answer, sink);
    else if (format === 'json') await printJson(answer, sink);
    else await printTable(answer, sink, look);
  };
  if (out === undefined) return await print(terminalSink(io));
  if (format === 'parquet') await writeWhole(out, (temp) => answer.writeParquet(temp));
  else await toFile(out, print);
  if (isJson) io.out(JSON.stringify({ out, format, rows: answer.rowCount }, null, 2));
  else io.err(`${plural(answer.rowCount, 'row')} written to ${shownPath(out, io)}.`);
}
