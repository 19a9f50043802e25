import type { Hono } from 'hono';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { ConfigError } from '../../etl/errors.ts';
import { atOnce } from '../http/at-once.ts';
import type { Ctx, Env } from '../http/env.ts';
import { readText } from '../http/read-json.ts';
import { permit } from '../identity/permit.ts';
import { signIn } from '../identity/sign-in.ts';
import type { Service } from '../service.ts';
import type { OpenGraphql } from './answer.ts';
import { graphiqlPage } from './page.tsx';

/** Where GraphQL is asked. */
export const GRAPHQL = '/graphql';

/** Requests that are answered at one time: each has an engine of its own. */
const MOST_AT_ONCE = 8;

/** Adds GraphQL to an application: POST of JSON, one request at a time; subscriptions are answered as server-sent events. */
export function mountGraphql(app: Hono<Env>, service: Service): void {
  let opened: Promise<OpenGraphql> | undefined;
  // Loading the library takes a third of a second, which no start waits for.
  const open = async () => (await import('./answer.ts')).openGraphql(service);
  const enter = atOnce(MOST_AT_ONCE);
  app.post(GRAPHQL, async (c) => {
    const identity = permit(c, 'catalogue.read', service);
    const text = await readText(c);
    opened ??= open();
    const { answer, subscribe } = await opened;
    const loaded = await loadContracts(service.lake.effects.contracts);
    if ((c.req.header('accept') ?? '').includes('text/event-stream'))
      return await subscribe(c, { text, loaded, identity });
    return await answer(c, { text, loaded, identity, leave: await enter() });
  });
  app.get(GRAPHQL, async (c) => {
    if (!(c.req.header('accept') ?? '').includes('text/html')) throw postOnly(c);
    const elsewhere = await signIn(c, service);
    c.header('Cache-Control', 'private, no-cache');
    if (elsewhere !== undefined) return c.redirect(elsewhere, 303);
    permit(c, 'catalogue.read', service);
    return c.html(await graphiqlPage());
  });
  app.all(GRAPHQL, (c) => {
    throw postOnly(c);
  });
}

function postOnly(c: Ctx): ConfigError {
  c.header('Allow', 'POST');
  return new ConfigError('WRONG_METHOD', `${GRAPHQL} is asked by POST, with JSON: {"query": "…"}.`);
}
