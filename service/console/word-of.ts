import { ConfigError } from '../../etl/errors.ts';
import type { Word } from '../../etl/operations/decide-run.ts';
import type { Action } from './page.ts';

/** Who decides by a form and why; throws ConfigError `REQUEST` where no reason is given. */
export function wordOf({ identity, form }: Parameters<Action['act']>[0]): Word {
  const reason = form.reason?.trim() ?? '';
  if (reason === '') throw new ConfigError('REQUEST', 'No reason is given: go back, and say why.');
  return { by: identity.name, reason };
}
