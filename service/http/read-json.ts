import { ConfigError } from '../../etl/errors.ts';
import type { Ctx } from './env.ts';

/** What a request sends as JSON; throws ConfigError `NOT_JSON` where it says that it is something else, `REQUEST` where it is none. */
export async function readJson(c: Ctx): Promise<unknown> {
  const text = await readText(c);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigError('REQUEST', "The request's body is no JSON.", { cause: error });
  }
}

/** The text of what a request sends as JSON; throws ConfigError `NOT_JSON` where it says that it is something else. */
export async function readText(c: Ctx): Promise<string> {
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new ConfigError('NOT_JSON', `Send JSON, as 'content-type: application/json'; this is '${type}'.`);
  return await c.req.text();
}
