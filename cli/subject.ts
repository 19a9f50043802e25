import type { Subject } from '../etl/privacy/vault.ts';
import type { Args, Option } from './command.ts';
import { usageError } from './usage-error.ts';

/** The option that says what SUBJECT is an id of. */
export const KIND_OPTION: Readonly<Record<'kind', Option>> = {
  kind: {
    type: 'string',
    value: 'KIND',
    help: 'whose id it is, as contracts say (assay.subject), e.g. customer',
  },
};

/** Whom a command line names; throws ConfigError `USAGE` where it names nobody. */
export function subjectOf(args: Args): Subject {
  const [id] = args.positionals;
  const kind = args.text('kind');
  if (id === undefined || id.trim() === '')
    throw usageError('SUBJECT is missing: write the id of whom it is about.');
  if (kind === undefined) throw usageError('--kind is missing: say whose id it is, e.g. --kind customer.');
  return { kind, id };
}
