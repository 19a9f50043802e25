import { userInfo } from 'node:os';
import type { Word } from '../etl/operations/decide-run.ts';
import type { Args, Option } from './command.ts';
import type { Io } from './io.ts';
import { usageError } from './usage-error.ts';

/** The options with which a person says who decides, and why. */
export const WORD_OPTIONS: Readonly<Record<'reason' | 'by', Option>> = {
  reason: { type: 'string', value: 'TEXT', help: 'why; it is kept for good' },
  by: { type: 'string', value: 'NAME', help: 'who decides; $ASSAY_USER, then the name you logged in with' },
};

/** Who gives a command: `--by`, `$ASSAY_USER`, or the name that the person logged in with. */
export function identity(args: Args, io: Io): string {
  return args.text('by') ?? (io.env.ASSAY_USER || userInfo().username);
}

/** Who decides and why; throws ConfigError `USAGE` where no reason is given. */
export function wordOf(args: Args, io: Io): Word {
  const reason = args.text('reason')?.trim() ?? '';
  if (reason === '')
    throw usageError('--reason is missing: say why, e.g. --reason "checked with the supplier".');
  return { by: identity(args, io), reason };
}
