import type { Hono } from 'hono';
import { ConfigError } from '../../etl/errors.ts';
import type { Ctx, Env } from '../http/env.ts';
import { honoPath } from '../http/hono-path.ts';
import { permit, requireOwnSite } from '../identity/permit.ts';
import { signIn } from '../identity/sign-in.ts';
import type { Service } from '../service.ts';
import { openBoard } from './board.ts';
import { documentOf } from './document-of.ts';
import { Layout } from './layout.tsx';
import type { PageRequest } from './page.ts';
import { ACTIONS, PAGES } from './pages.ts';

/** Adds the console to an application: its pages, what their forms do, and its files. */
export function mountConsole(app: Hono<Env>, service: Service): void {
  const board = openBoard(service.lake.effects);
  for (const { path, permission, render } of PAGES)
    app.get(honoPath(path), async (c) => {
      const elsewhere = await signIn(c, service);
      c.header('Cache-Control', 'private, no-cache');
      if (elsewhere !== undefined) return c.redirect(elsewhere, 303);
      const request = requestOf(c, permit(c, permission, service), { service, board });
      const { title, body, refreshSeconds } = await render(request);
      return c.html(
        await documentOf(
          <Layout
            title={title}
            identity={request.identity}
            at={c.req.path}
            service={service}
            refreshSeconds={refreshSeconds}
          >
            {body}
          </Layout>,
        ),
      );
    });
  for (const { path, permission, act } of ACTIONS)
    app.post(honoPath(path), async (c) => {
      const identity = permit(c, permission, service);
      const form = await readForm(c);
      requireOwnSite(c, form.csrf, service);
      return c.redirect(await act({ ...requestOf(c, identity, { service, board }), form }), 303);
    });
  app.get('/assets/:name', (c) => {
    const asset = service.assets.get(c.req.param('name'));
    if (asset === undefined) return c.notFound();
    return c.body(asset.body, 200, { 'Content-Type': asset.type, 'Cache-Control': 'private, max-age=300' });
  });
}

function requestOf(
  c: Ctx,
  identity: PageRequest['identity'],
  stands: Pick<PageRequest, 'service' | 'board'>,
): PageRequest {
  const asker = c.get('asker');
  const csrf = asker.kind === 'session' ? asker.csrf : undefined;
  return { params: c.req.param(), query: c.req.query(), identity, csrf, ...stands };
}

/** What a form sends, as text by name; throws ConfigError `REQUEST` for what is no form. */
async function readForm(c: Ctx): Promise<Record<string, string>> {
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type))
    throw new ConfigError('REQUEST', `A page's form is expected here, and this is '${type}'.`);
  return Object.fromEntries(new URLSearchParams(await c.req.text()));
}
