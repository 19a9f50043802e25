import { DuckDbFault } from '../../../etl/engine/engine-error.ts';
import {
  type AssayError,
  ConfigError,
  DataError,
  type ErrorContext,
  messageOf,
  TransientError,
} from '../../../etl/errors.ts';
import type { EngineOptions } from '../../../etl/ports.ts';

/** What an engine in a process of its own is asked, of its first connection (0) or of a lane. */
export type Question =
  | { readonly ask: 'open'; readonly options: EngineOptions; readonly spillDirectory: string }
  | { readonly ask: 'lane'; readonly on: number }
  | { readonly ask: 'close'; readonly on: number }
  | {
      readonly ask:
        | 'run'
        | 'rows'
        | 'result'
        | 'integers'
        | 'texts'
        | 'numbers'
        | 'values'
        | 'countStatements';
      readonly on: number;
      /** How errors name the statement. */
      readonly role: string | undefined;
      readonly sql: string;
    }
  | {
      readonly ask: 'append';
      readonly on: number;
      readonly role: string | undefined;
      readonly table: string;
      readonly rows: readonly (readonly (bigint | string)[])[];
    }
  /** Makes a function, says what it was asked without knowing, and is told it. */
  | { readonly ask: 'define'; readonly on: number; readonly name: string; readonly mark: string }
  | { readonly ask: 'unknown'; readonly on: number; readonly name: string }
  | {
      readonly ask: 'known';
      readonly on: number;
      readonly name: string;
      readonly answers: readonly ToldText[];
    };

/** A text, and what a function makes of it. */
export type ToldText = readonly [text: string, answer: string | null];

/** A question with the number by which it is answered. */
export type Request = Question & { readonly id: number };

/** What comes back. */
export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failed: Failure };

/** An error as plain values. */
export interface Failure {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly context: ErrorContext;
  /** What DuckDB said, where it is an error of DuckDB. */
  readonly said: string | undefined;
}

/** An error as it is sent. */
export function failureOf(error: unknown): Failure {
  const { name = 'Error', code = 'ENGINE', context = {} } = error as Partial<AssayError>;
  const cause = error instanceof Error ? error.cause : undefined;
  return {
    name,
    code,
    message: messageOf(error),
    context,
    said: cause instanceof DuckDbFault ? cause.said : undefined,
  };
}

const KINDS: Readonly<Record<string, typeof TransientError | typeof ConfigError | typeof DataError>> = {
  TransientError,
  ConfigError,
  DataError,
};

/** The error that was sent, of its own kind. */
export function errorOf({ name, code, message, context, said }: Failure): AssayError {
  const Kind = KINDS[name] ?? DataError;
  return new Kind(code, message, {
    context,
    ...(said === undefined ? {} : { cause: new DuckDbFault(said) }),
  });
}
