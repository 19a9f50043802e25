import { ContractError } from '../../etl/contract/problems.ts';
import { AssayError, messageOf, outwardMessage } from '../../etl/errors.ts';
import type { Args } from '../command.ts';
import type { Io } from '../io.ts';
import { printableLines } from './printable.ts';

/** An error as --json prints it. */
export interface ErrorJson {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly context: AssayError['context'];
  readonly problems?: ContractError['problems'];
}

/** What is printed of an error: for programs name and code, for people a text. */
export function errorJson(error: unknown): ErrorJson {
  if (!(error instanceof AssayError)) {
    const name = error instanceof Error ? error.name : 'Error';
    return { name, code: 'INTERNAL', message: outwardMessage(error), context: {} };
  }
  const { name, code, message, context } = error;
  return {
    name,
    code,
    message,
    context,
    ...(error instanceof ContractError ? { problems: error.problems } : {}),
  };
}

/** Prints an error: a line on stderr, or with `json` an object on stdout; the stack only with `debug`. */
export function printError(error: unknown, io: Io, { json, debug }: { json: boolean; debug: boolean }): void {
  if (json) io.out(JSON.stringify({ error: errorJson(error) }, null, 2));
  else io.err(`assay: ${printableLines(messageText(error, debug))}`);
  if (debug) io.err(stackOf(error));
}

/** What to print of an error. Of an unforeseen one, only where it occurred: its text may quote a value. */
export function messageText(error: unknown, debug: boolean): string {
  if (error instanceof AssayError) return error.message;
  return debug
    ? `Something went wrong inside of Assay: ${messageOf(error)}`
    : `${outwardMessage(error)}\nRun it again with --debug to see more.`;
}

/** Whether the whole text of errors is asked for. */
export function isDebug(args: Args, io: Io): boolean {
  return args.has('debug') || (io.env.ASSAY_DEBUG ?? '') !== '';
}

/** An error with where it was, and what caused it. */
export function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\nCaused by: ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
