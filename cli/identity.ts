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

/** As WORD_OPTIONS, for work that needs no reason of its own. */
export const OPTIONAL_WORD_OPTIONS: typeof WORD_OPTIONS = {
  ...WORD_OPTIONS,
  reason: { ...WORD_OPTIONS.reason, help: "why; it is kept for good (default: 'maintenance')" },
};

/** Who gives a command, and why, where a reason need not be given. */
export function maintenanceWordOf(args: Args, io: Io): Word {
  const reason = args.text('reason')?.trim();
  return { by: identity(args, io), reason: reason || 'maintenance' };
}

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
