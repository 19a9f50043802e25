import { ContractError } from '../../etl/contract/problems.ts';
import { AssayError, messageOf } from '../../etl/errors.ts';
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

/** What is said of an error: name and code for programs, the message for people. */
export function errorJson(error: unknown): ErrorJson {
  if (!(error instanceof AssayError)) {
    const name = error instanceof Error ? error.name : 'Error';
    return { name, code: 'INTERNAL', message: messageOf(error), context: {} };
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

function messageText(error: unknown, debug: boolean): string {
  const message = messageOf(error);
  if (error instanceof AssayError) return message;
  return `Something went wrong inside of Assay: ${message}${debug ? '' : '\nRun it again with --debug to see where.'}`;
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\nCaused by: ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
