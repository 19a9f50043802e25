/** What an error was about: plain values only, so that it survives a state machine's JSON. */
export type ErrorContext = Readonly<Record<string, string | number | boolean | undefined>>;

interface ErrorDetails {
  readonly context?: ErrorContext;
  readonly cause?: unknown;
}

/**
 * The base of every error Assay raises on purpose. The message says what, where and what to do next;
 * `code` is stable and may be matched by callers; `name` is matched by the state machine.
 */
export abstract class AssayError extends Error {
  readonly code: string;
  readonly context: ErrorContext;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.context = details.context ?? {};
  }
}

/** Something outside failed and may work the next time: retried with backoff. */
export class TransientError extends AssayError {
  override readonly name: 'TransientError' | 'ThrottledError' = 'TransientError';
}

/** A service was asked more often than it allows: a TransientError that passes for sure, in minutes. */
export class ThrottledError extends TransientError {
  override readonly name = 'ThrottledError';
}

/** Somebody else committed first: plan again from the new state. */
export class ConflictError extends AssayError {
  override readonly name = 'ConflictError';
}

/** The data can't be processed as it is; retrying changes nothing. */
export class DataError extends AssayError {
  override readonly name = 'DataError';
}

/** A contract, a setting or a command line is wrong; a person must change it. */
export class ConfigError extends AssayError {
  override readonly name = 'ConfigError';
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  // By shape: an error of another realm (Node's own, under a test runner) is no instance of this one's Error.
  const isError = typeof error === 'object' && error !== null && 'message' in error;
  return isError ? String(error.message) : String(error);
}

const KINDS: ReadonlySet<string> = new Set([
  'TransientError',
  'ThrottledError',
  'ConflictError',
  'DataError',
  'ConfigError',
]);

/**
 * The part of a thrown value that may be stored and sent. Assay's own errors give their message. All others, whose text
 * may quote a file's values, give only their name and where they occurred.
 */
export function outwardMessage(error: unknown): string {
  const name = nameOf(error);
  if (error instanceof AssayError || KINDS.has(name)) return messageOf(error);
  const stack = typeof error === 'object' && error !== null && 'stack' in error ? String(error.stack) : '';
  const [frame] = framesOf(stack);
  const place = frame === undefined ? undefined : withoutFolder(frame.trim());
  return `Something went wrong inside of Assay: ${name}${place === undefined ? '' : ` ${place}`}.`;
}

/** `at read (file:///home/ann/assay/etl/a.ts:1:2)` → `at read (a.ts:1:2)`: whose disk it is, and how it is laid out, concerns nobody. */
function withoutFolder(frame: string): string {
  const [, head = '', place = ''] = /^(at (?:[^/\\]*? \()?)(.*)$/.exec(frame) ?? [];
  return head + place.slice(Math.max(place.lastIndexOf('/'), place.lastIndexOf('\\')) + 1);
}

/** The lines of a stack that say where; the text before them is left out. */
export function framesOf(stack: string): string[] {
  return stack.split('\n').filter((line) => line.startsWith('    at '));
}

/** The name of anything thrown. By shape and not `instanceof`, which fails between realms. */
export function nameOf(error: unknown): string {
  const hasName = typeof error === 'object' && error !== null && 'name' in error;
  return hasName && typeof error.name === 'string' ? error.name : 'Error';
}
