import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { Ctx } from '../http/env.ts';
import type { Service } from '../service.ts';
import type { Identity } from './identity.ts';

type Cookies = Pick<Service, 'cookieName' | 'isSecure'>;

/** How the service's cookies are set: for this host alone, not for scripts, and not with what other sites send, links aside. */
export const cookieOptions = ({ isSecure }: Pick<Cookies, 'isSecure'>) =>
  ({ httpOnly: true, sameSite: 'Lax', path: '/', secure: isSecure }) as const;

/** Begins a session; the one that the browser had is over. */
export async function beginSession(
  c: Ctx,
  identity: Identity,
  service: Cookies & Pick<Service, 'sessions'>,
): Promise<void> {
  await endSession(c, service);
  const { cookieName, sessions } = service;
  setCookie(c, cookieName, await sessions.begin(identity), {
    ...cookieOptions(service),
    maxAge: sessions.hours * 3600,
  });
}

/** Ends the browser's session, if it has one. */
export async function endSession(c: Ctx, service: Cookies & Pick<Service, 'sessions'>): Promise<void> {
  const { cookieName, sessions } = service;
  const cookie = getCookie(c, cookieName);
  if (cookie === undefined) return;
  await sessions.end(cookie);
  deleteCookie(c, cookieName, cookieOptions(service));
}
