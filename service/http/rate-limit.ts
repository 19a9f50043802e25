import { createMiddleware } from 'hono/factory';
import { ConfigError } from '../../etl/errors.ts';
import type { Clock } from '../../etl/ports.ts';
import type { Ctx, Env } from './env.ts';

/** How many requests one identity may send at once, and how many a second from then on. */
export interface Rate {
  readonly atOnce: number;
  readonly perSecond: number;
}

/** More than people and patient programs send, and little enough to protect everyone else's requests. */
export const RATE: Rate = { atOnce: 2000, perSecond: 500 };

/** Refuses requests beyond an identity's rate; all who are not signed in share one. */
export function rateLimit(clock: Clock, { atOnce, perSecond }: Rate = RATE) {
  const left = new Map<string, { readonly requests: number; readonly atMs: number }>();
  return createMiddleware<Env>(async (c, next) => {
    const name = nameOf(c);
    const nowMs = clock.now().getTime();
    const last = left.get(name) ?? { requests: atOnce, atMs: nowMs };
    const earned = (Math.max(0, nowMs - last.atMs) / 1000) * perSecond;
    const requests = Math.min(atOnce, last.requests + earned) - 1;
    if (requests < 0) {
      const seconds = Math.max(1, Math.ceil(-requests / perSecond));
      c.header('Retry-After', String(seconds));
      throw new ConfigError('TOO_MANY', `Wait ${seconds} s: ${perSecond} requests a second are answered.`);
    }
    left.set(name, { requests, atMs: nowMs });
    await next();
  });
}

function nameOf(c: Ctx): string {
  const asker = c.get('asker');
  return asker.kind === 'nobody' ? '' : asker.identity.name;
}
