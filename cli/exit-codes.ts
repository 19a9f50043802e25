import { AssayError } from '../etl/errors.ts';

/** What the process ends with: 0 ok, 1 the data failed or is held, 2 usage or configuration, 3 anything else. */
export const EXIT = { ok: 0, data: 1, usage: 2, internal: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The worse of two. */
export function worst(a: ExitCode, b: ExitCode): ExitCode {
  return a > b ? a : b;
}

/** The exit code that an error means. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof AssayError)) return EXIT.internal;
  if (error.name === 'ConfigError') return EXIT.usage;
  return error.name === 'DataError' ? EXIT.data : EXIT.internal;
}
