import { createMiddleware } from 'hono/factory';
import { ConfigError } from '../../etl/errors.ts';
import type { Service } from '../service.ts';
import type { Env } from './env.ts';

/**
 * Refuses requests that were sent to another host: a page elsewhere whose name was made to lead here (DNS rebinding) names
 * its own.
 */
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
