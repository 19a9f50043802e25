import { ConfigError } from '../../etl/errors.ts';
import type { Ctx } from '../http/env.ts';

/** What a form sends, as text by name; throws ConfigError `REQUEST` for what is no form. */
export async function readForm(c: Ctx): Promise<Record<string, string>> {
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type))
    throw new ConfigError('REQUEST', `A page's form is expected here, and this is '${type}'.`);
  return Object.fromEntries(new URLSearchParams(await c.req.text()));
}
