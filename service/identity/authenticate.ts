import { getCookie } from 'hono/cookie';
import { createMiddleware } from 'hono/factory';
import { ConfigError } from '../../etl/errors.ts';
import type { Ctx, Env } from '../http/env.ts';
import type { Service } from '../service.ts';
import type { Asker } from './identity.ts';
import type { Access } from './local-access.ts';

type Known = Pick<Service, 'access' | 'sessions' | 'cookieName'>;

/** Finds out who asks: by the Authorization header where there is one, else by the session's cookie. */
export const authenticate = (service: Known) =>
  createMiddleware<Env>(async (c, next) => {
    c.set('asker', { kind: 'nobody' });
    c.set('asker', await askerOf(c, service));
    await next();
  });

/** Who asks; throws ConfigError `NOT_SIGNED_IN` for an invalid header, even if a cookie is valid. */
async function askerOf(c: Ctx, { access, sessions, cookieName }: Known): Promise<Asker> {
  const header = c.req.header('authorization');
  if (header !== undefined) {
    const [, token = ''] = /^bearer +([\w.~+/=-]+)$/i.exec(header) ?? [];
    const identity = token === '' ? undefined : await access.bearer(token);
    if (identity === undefined) throw notSignedIn('Nobody is behind this Authorization header.', access);
    return { kind: 'bearer', identity };
  }
  const cookie = getCookie(c, cookieName);
  const session = cookie === undefined ? undefined : await sessions.find(cookie);
  return session === undefined ? { kind: 'nobody' } : { kind: 'session', ...session };
}

/** That nobody is signed in, and how one is. */
export const notSignedIn = (what: string, { howToSignIn }: Pick<Access, 'howToSignIn'>): ConfigError =>
  new ConfigError('NOT_SIGNED_IN', `${what} ${howToSignIn}`);
