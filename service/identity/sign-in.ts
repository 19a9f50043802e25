import { setCookie } from 'hono/cookie';
import type { Ctx } from '../http/env.ts';
import type { Service } from '../service.ts';
import { notSignedIn } from './authenticate.ts';
import { SESSION_HOURS } from './sessions.ts';

/**
 * Begins a session from an address's token, and returns the address without it, to keep it out of histories and logs.
 * Throws ConfigError `NOT_SIGNED_IN` where the token is used up, unless the caller is signed in already.
 */
export async function signIn(c: Ctx, service: Service): Promise<string | undefined> {
  const token = c.req.query('token');
  if (token === undefined) return undefined;
  const identity = await service.access.redeem(token);
  if (identity !== undefined)
    setCookie(c, service.cookieName, await service.sessions.begin(identity), {
      httpOnly: true,
      sameSite: 'Lax',
      path: '/',
      maxAge: SESSION_HOURS * 3600,
    });
  else if (c.get('asker').kind !== 'session') throw notSignedIn('This address was used already, or is none.');
  const { pathname, searchParams } = new URL(c.req.url);
  searchParams.delete('token');
  // A path that begins with two slashes would lead to another host.
  const path = pathname.replace(/^\/+/, '/');
  return searchParams.size === 0 ? path : `${path}?${searchParams}`;
}
