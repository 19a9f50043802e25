import { ConfigError } from '../etl/errors.ts';

/** A command line that can't be understood; the message says what to write instead. */
export function usageError(message: string): ConfigError {
  return new ConfigError('USAGE', message);
}
