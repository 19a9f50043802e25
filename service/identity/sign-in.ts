import { setCookie } from 'hono/cookie';
import type { Ctx } from '../http/env.ts';
import type { Service } from '../service.ts';
import { notSignedIn } from './authenticate.ts';
import { SESSION_HOURS } from './sessions.ts';

/**
 * Where an address has a token: begins a session by it and returns the address without it, so that it stands in no history
 * and in no log. Throws ConfigError `NOT_SIGNED_IN` where the token is used up, unless who comes is signed in already.
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
