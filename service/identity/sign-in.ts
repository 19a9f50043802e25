import type { Ctx } from '../http/env.ts';
import type { Service } from '../service.ts';
import { notSignedIn } from './authenticate.ts';
import { localPath } from './local-path.ts';
import { beginSession } from './session-cookie.ts';

/**
 * Begins a session from an address's token, and returns the address without it, to keep it out of histories and logs.
 * Throws ConfigError `NOT_SIGNED_IN` where the token is used up, unless the caller is signed in already.
 */
export async function signIn(c: Ctx, service: Service): Promise<string | undefined> {
  const token = c.req.query('token');
  if (token === undefined) return undefined;
  const identity = await service.access.redeem(token);
  if (identity !== undefined) await beginSession(c, identity, service);
  else if (c.get('asker').kind !== 'session')
    throw notSignedIn('This address was used already, or is none.', service.access);
  const { pathname, searchParams } = new URL(c.req.url);
  searchParams.delete('token');
  return localPath(searchParams.size === 0 ? pathname : `${pathname}?${searchParams}`);
}
