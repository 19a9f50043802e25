import { AssayError, ConfigError } from '../etl/errors.ts';
import { errorPage } from './console/error-page.tsx';
import type { Ctx } from './http/env.ts';
import { problemOf } from './http/problem.ts';
import { ICEBERG, icebergError } from './iceberg/mount.ts';
import type { Service } from './service.ts';

/** That an address leads nowhere. */
export const noSuchAddress = (c: Ctx): ConfigError =>
  new ConfigError(
    'NO_PAGE',
    `There is nothing at ${c.req.path}: '/' has the console, '/v1/openapi.json' the API.`,
  );

/** An error as its asker reads it: a page for people, problem+json for programs. */
export async function answerError(error: unknown, c: Ctx, service: Service): Promise<Response> {
  if (!(error instanceof AssayError)) service.onError(error);
  const problem = problemOf(error);
  if (problem.status === 401) c.header('WWW-Authenticate', 'Bearer realm="assay"');
  if (problem.status === 503) c.header('Retry-After', '5');
  c.header('Cache-Control', 'no-store');
  if (c.req.path.startsWith(`${ICEBERG}/`)) return icebergError(c, problem);
  if (wantsPage(c)) return c.html(await errorPage(problem), problem.status as 500);
  return c.body(JSON.stringify(problem), problem.status as 500, {
    'Content-Type': 'application/problem+json',
  });
}

function wantsPage(c: Ctx): boolean {
  const isApi = /^\/(v1|healthz|readyz)(\/|$)/.test(c.req.path);
  return !isApi && (c.req.header('accept') ?? '').includes('text/html');
}
