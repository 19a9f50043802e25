import { ConfigError } from '../../etl/errors.ts';
import type { Ctx } from './env.ts';

/** A request's JSON; throws ConfigError `NOT_JSON` where it declares another type, `REQUEST` where it is invalid. */
export async function readJson(c: Ctx): Promise<unknown> {
  const text = await readText(c);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigError('REQUEST', "The request's body is no JSON.", { cause: error });
  }
}

/** The text of a request's JSON; throws ConfigError `NOT_JSON` where it declares another type. */
export async function readText(c: Ctx): Promise<string> {
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new ConfigError('NOT_JSON', `Send JSON, as 'content-type: application/json'; this is '${type}'.`);
  return await c.req.text();
}
