import { z } from 'zod';
import { type AssayError, DataError, messageOf, TransientError } from '../errors.ts';

/** What DuckDB says of an error where `errors_as_json` is set: a text quotes whatever it likes, its parts can be told apart. */
const Said = z.object({
  exception_type: z.string(),
  exception_message: z.string(),
  error_subtype: z.string().optional(),
  /** Of what the error is about, e.g. a table. */
  name: z.string().optional(),
  /** What kind of thing that is, e.g. `Table`. */
  type: z.string().optional(),
  /** Where in the statement, in characters from 0. */
  position: z.coerce.number().int().optional(),
});

/**
 * An error of DuckDB as it came: the cause of an AssayError that says its class only. Its message may quote any value
 * that DuckDB was reading, so it is for the terminal of whoever asked, and for nothing that is kept or sent.
 */
export class DuckDbFault extends Error {
  override readonly name = 'DuckDbFault';
  /** DuckDB's class of errors, e.g. `Conversion`; `Unknown` where it doesn't say. */
  readonly type: string;
  readonly subtype: string | undefined;
  /** What the error is about, e.g. the name of a table that isn't there. */
  readonly subject: string | undefined;
  /** What kind of thing that is, e.g. `Table`. */
  readonly objectKind: string | undefined;
  /** What it says, without its class. */
  readonly text: string;
  readonly position: number | undefined;
  /** The text as DuckDB gave it. */
  readonly said: string;

  /** Of what DuckDB gave as the error's message. */
  constructor(message: string) {
    const said = readSaid(message);
    const type = said?.exception_type ?? 'Unknown';
    const text = said?.exception_message ?? message;
    super(`${type} Error: ${text}`);
    this.said = message;
    this.type = type;
    this.text = text;
    this.subtype = said?.error_subtype;
    this.subject = said?.name;
    this.objectKind = said?.type;
    this.position = said?.position;
  }
}

function readSaid(message: string): z.infer<typeof Said> | undefined {
  // The parser's errors have their class once more before the object.
  const start = message.indexOf('{');
  if (start < 0) return undefined;
  try {
    return Said.safeParse(JSON.parse(message.slice(start))).data;
  } catch {
    return undefined;
  }
}

/** What a class of errors is about, in words. */
const CLASSES: Readonly<Record<string, string>> = {
  Conversion: 'a value is not of the type that it is cast to',
  'Out of Range': 'a number is too large for its type',
  'Invalid Input': 'a value is not what a function takes',
  'Mismatch Type': 'two types do not go together',
  Constraint: 'a row breaks a constraint',
  Binder: 'it names a column, or gives a function types, that there are not',
  Catalog: 'it names a table or a function that there is not',
  Parser: 'it is no SQL',
  Permission: 'it reaches for a file or a setting that it may not use',
};

/** Classes of what may work the next time: memory and disks. */
const PASSING: ReadonlySet<string> = new Set(['Out of Memory', 'IO']);

/** The AssayError for what DuckDB threw at a statement; `role` says which, e.g. `Gold SQL of spend.totals`. */
export function engineError(error: unknown, role: string): AssayError {
  const fault = new DuckDbFault(messageOf(error));
  const details = { cause: fault, context: { engineError: fault.type, statement: role } };
  if (PASSING.has(fault.type)) {
    const what = `DuckDB ran out of room at ${role} (${fault.type}): give it more memory or disk, or run it again.`;
    return new TransientError('ENGINE_RESOURCES', what, details);
  }
  const known = CLASSES[fault.type];
  const what = `${fault.type} error${known === undefined ? '' : `: ${known}`}`;
  return new DataError(
    'ENGINE',
    `DuckDB refused ${role} (${what}). Its own words may quote values, so they are not kept: --debug shows them on a terminal.`,
    details,
  );
}

/** What DuckDB threw, where an error comes of it. */
export function duckDbFault(error: unknown): DuckDbFault | undefined {
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
  return cause instanceof DuckDbFault ? cause : undefined;
}
