import type { LoadedContracts } from '../etl/contract/load-contracts.ts';
import { ContractError } from '../etl/contract/problems.ts';
import type { Args } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Io } from './io.ts';
import { isDebug, printError } from './print/error.ts';

/**
 * Tells of the datasets that a command for all of them left out, since their contracts can't be used: on stderr, also with
 * --json. The exit code that this means.
 */
export function tellUnusable({ unusable }: LoadedContracts, args: Args, io: Io): ExitCode {
  if (unusable.size === 0) return EXIT.ok;
  printError(new ContractError([...unusable.values()].flat()), io, { json: false, debug: isDebug(args, io) });
  return EXIT.usage;
}
