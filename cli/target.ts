import type { Args, Command } from './command.ts';
import type { Io } from './io.ts';
import { usageError } from './usage-error.ts';

/** The stack that `cdk deploy` makes for staging. */
export const DEFAULT_STACK = 'Assay-staging';

/** Refuses --target, --stack and --lake where they say nothing or contradict each other; throws ConfigError `USAGE`. */
export function checkTarget({ name, localOnly }: Command, text: Args['text']): void {
  const target = text('target') ?? 'local';
  if (target !== 'local' && target !== 'aws')
    throw usageError(`--target ${target} is unknown: write local or aws.`);
  if (target === 'local' && text('stack') !== undefined)
    throw usageError('--stack names a platform on AWS: add --target aws, or leave it out.');
  if (target === 'aws' && text('lake') !== undefined)
    throw usageError('--lake is a folder, and --target aws a platform: leave one of them out.');
  if (target === 'aws' && localOnly !== undefined)
    throw usageError(`'assay ${name}' has no --target aws: ${localOnly}`);
}

/** Name of the stack that a command line means; undefined where it means a folder. */
export function stackOf(args: Args, io: Io): string | undefined {
  if (args.text('target') !== 'aws') return undefined;
  return args.text('stack') ?? (io.env.ASSAY_STACK || DEFAULT_STACK);
}
