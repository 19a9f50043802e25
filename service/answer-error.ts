import { AssayError, ConfigError } from '../etl/errors.ts';
import { signInAt } from './console/addresses.ts';
import { errorPage } from './console/error-page.tsx';
import type { Ctx } from './http/env.ts';
import { problemOf } from './http/problem.ts';
import { ICEBERG, icebergError } from './iceberg/mount.ts';
import { localPath } from './identity/local-path.ts';
import type { Service } from './service.ts';

/** That an address leads nowhere. */
export const noSuchAddress = (c: Ctx): ConfigError =>
  new ConfigError(
    'NO_PAGE',
    `There is nothing at ${c.req.path}: '/' has the console, '/v1/openapi.json' the API.`,
  );

/** An error as its asker reads it: a page for people, problem+json for programs. */
export async function answerError(error: unknown, c: Ctx, service: Service): Promise<Response> {
  if (!(error instanceof AssayError) && !isHangUp(error)) service.onError(error);
  const problem = problemOf(error);
  if (problem.status === 401) c.header('WWW-Authenticate', 'Bearer realm="assay"');
  if (problem.status === 503) c.header('Retry-After', '5');
  c.header('Cache-Control', 'no-store');
  if (c.req.path.startsWith(`${ICEBERG}/`)) return icebergError(c, problem);
  if (service.oidc !== undefined && problem.code === 'NOT_SIGNED_IN' && isOpened(c))
    return c.redirect(`${signInAt}?to=${encodeURIComponent(pathOf(c))}`, 303);
  if (wantsPage(c)) return c.html(await errorPage(problem, service, cameFrom(c)), problem.status as 500);
  return c.body(JSON.stringify(problem), problem.status as 500, {
    'Content-Type': 'application/problem+json',
  });
}

/** Whether the client went away amid its request: nothing is wrong here, and nobody reads the answer. */
const isHangUp = (error: unknown): boolean =>
  error instanceof Error && (error as { readonly code?: unknown }).code === 'ECONNRESET';

/** Whether a person opened a page: they are sent to sign in; what a form sent would be lost. */
const isOpened = (c: Ctx): boolean =>
  wantsPage(c) && c.req.method === 'GET' && c.req.header('authorization') === undefined;

/** The page of this site whose form was sent. */
function cameFrom(c: Ctx): string | undefined {
  const referer = c.req.header('referer') ?? '';
  if (c.req.method !== 'POST' || !URL.canParse(referer)) return undefined;
  const { host, pathname, search } = new URL(referer);
  return host === c.req.header('host') ? localPath(pathname + search) : undefined;
}

function pathOf(c: Ctx): string {
  const { pathname, search } = new URL(c.req.url);
  return pathname + search;
}

function wantsPage(c: Ctx): boolean {
  const isApi = /^\/(v1|healthz|readyz)(\/|$)/.test(c.req.path);
  return !isApi && (c.req.header('accept') ?? '').includes('text/html');
}
