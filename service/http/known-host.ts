import { createMiddleware } from 'hono/factory';
import { ConfigError } from '../../etl/errors.ts';
import type { Service } from '../service.ts';
import type { Env } from './env.ts';

/** Asked by machines that watch over others, by whatever address they have; the answers tell nothing. */
const PROBES: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

/** Refuses requests for another host: after DNS rebinding, a foreign page's requests still name its own host. */
export const knownHost = ({ hosts }: Pick<Service, 'hosts'>) =>
  createMiddleware<Env>(async (c, next) => {
    const host = c.req.header('host') ?? '';
    if (!PROBES.has(c.req.path) && !hosts.has(host.toLowerCase()))
      throw new ConfigError('OTHER_HOST', `This is not '${host}': ask ${[...hosts].join(' or ')}.`);
    await next();
  });
