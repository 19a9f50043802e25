import { Hono } from 'hono';
import { except } from 'hono/combine';
import { answerError, noSuchAddress } from './answer-error.ts';
import { mountRoutes } from './api/mount.ts';
import { ROUTES } from './api/routes.ts';
import { mountConsole } from './console/mount.tsx';
import { mountSignIn } from './console/mount-sign-in.tsx';
import { mountGraphql } from './graphql/mount.ts';
import type { Env } from './http/env.ts';
import { knownHost } from './http/known-host.ts';
import { rateLimit } from './http/rate-limit.ts';
import { securityHeaders } from './http/security-headers.ts';
import { sizeLimit, UPLOADS } from './http/size-limit.ts';
import { mountIceberg } from './iceberg/mount.ts';
import { authenticate } from './identity/authenticate.ts';
import type { Service } from './service.ts';

/** The service as an application of web standards: a request in, its answer out. */
export function createApp(service: Service): Hono<Env> {
  const app = new Hono<Env>();
  app.onError((error, c) => answerError(error, c, service));
  app.notFound((c) => answerError(noSuchAddress(c), c, service));
  app.use(securityHeaders(service));
  app.use(knownHost(service));
  app.use(except(UPLOADS, sizeLimit));
  app.use(authenticate(service));
  app.use(rateLimit(service.lake.effects.clock));
  mountRoutes(app, ROUTES, service);
  mountIceberg(app, service);
  mountGraphql(app, service);
  mountConsole(app, service);
  if (service.oidc !== undefined) mountSignIn(app, service, service.oidc);
  return app;
}
