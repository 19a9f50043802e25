import path from 'node:path';
import { jsonLines } from './../etl/answers/text.ts';
import { closedReport } from '../etl/closing/closed-report.ts';
import type { ClosingRecord } from '../etl/closing/closing-record.ts';
import type { GoldContract } from '../etl/contract/contract.ts';
import { withEngine } from '../etl/engine/engine.ts';
import { type AnswerFormat, printAnswer } from './answer-format.ts';
import type { Args } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Io } from './io.ts';
import type { CommandLake } from './open-lake.ts';
import { printText } from './print/answer.ts';
import { time } from './print/format.ts';
import { printable } from './print/printable.ts';
import { terminalSink } from './print/sink.ts';
import { usageError } from './usage-error.ts';

/** Refuses options that don't go with --closed, or without it. */
export function requireClosedTerms(args: Args): void {
  if (args.has('closed') && args.positionals.length === 0)
    throw usageError('--closed is of one report: name it, or leave --closed out.');
  if (args.has('closed') && args.has('as-of'))
    throw usageError('--closed and --as-of contradict each other: what was closed is the same at any time.');
  if (args.has('closing') && !args.has('closed'))
    throw usageError('--closing says which closing --closed shows: add --closed.');
}

/** What is to be shown. */
interface ClosedRequest {
  readonly lake: CommandLake;
  readonly contract: GoldContract;
  readonly month: string | undefined;
  readonly format: AnswerFormat;
}

/** Prints the rows that months of a report were closed with; they are the same for good. */
export async function printClosed(
  { lake, contract, month, format }: ClosedRequest,
  args: Args,
  io: Io,
): Promise<ExitCode> {
  const { dataset } = contract;
  const scratch = await lake.effects.openScratch('closed');
  try {
    return await withEngine(lake.effects.engine, path.join(scratch.directory, 'spill'), async (engine) => {
      const wanted = { dataset, month, closing: args.text('closing') };
      const { closings, answer } = await closedReport(engine, lake.effects, wanted);
      if (format.format === 'json' && format.out === undefined) {
        const head = JSON.stringify({ report: dataset, closings, columns: answer.columns }, null, 2);
        io.out(`${head.slice(0, -2)},\n  "rows":`);
        await printText(jsonLines(answer), terminalSink(io));
        io.out('}');
        return EXIT.ok;
      }
      if (format.format === 'table') for (const closing of closings) io.out(printable(headOf(closing)));
      if (format.format === 'table') io.out('');
      await printAnswer(answer, format, io, { isGrouped: true, scratchDirectory: scratch.directory });
      return EXIT.ok;
    });
  } finally {
    await scratch.dispose();
  }
}

function headOf({ report, month, id, at, by, reason, ended }: ClosingRecord): string {
  const end = ended === null ? '' : `; ${ended.how} at ${time(ended.at)} UTC by ${ended.by}`;
  return `${report} · ${month}: closed at ${time(at)} UTC by ${by}, "${reason}" (closing ${id})${end}.`;
}
