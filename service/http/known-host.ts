import { createMiddleware } from 'hono/factory';
import { ConfigError } from '../../etl/errors.ts';
import type { Service } from '../service.ts';
import type { Env } from './env.ts';

/** Refuses requests for another host: after DNS rebinding, a foreign page's requests still name its own host. */
export const knownHost = ({ hosts }: Pick<Service, 'hosts'>) =>
  createMiddleware<Env>(async (c, next) => {
    const host = c.req.header('host') ?? '';
    if (!hosts.has(host.toLowerCase()))
      throw new ConfigError(
        'OTHER_HOST',
        `This is not '${host}': ask ${[...hosts].join(' or ')}, as 'assay serve' printed it.`,
      );
    await next();
  });
