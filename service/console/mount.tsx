import type { Hono } from 'hono';
import type { Ctx, Env } from '../http/env.ts';
import { etagOf, namesTag } from '../http/etag.ts';
import { fileAnswer } from '../http/file-answer.ts';
import { honoPath } from '../http/hono-path.ts';
import { readFormFiles } from '../http/read-files.ts';
import { permit, requireOwnSite } from '../identity/permit.ts';
import { signIn } from '../identity/sign-in.ts';
import type { Service } from '../service.ts';
import { openBoard } from './board.ts';
import { documentOf } from './document-of.ts';
import { openExamples } from './examples.ts';
import { Layout } from './layout.tsx';
import type { PageRequest, PageView } from './page.ts';
import { ACTIONS, FILE_ACTIONS, PAGES } from './pages.ts';
import { readForm } from './read-form.ts';

/** Adds the console to an application: its pages, what their forms do, and its files. */
export function mountConsole(app: Hono<Env>, service: Service): void {
  const { effects } = service.lake;
  const stands = { service, board: openBoard(effects, service.health), examples: openExamples(effects) };
  for (const { path, permission, isAsked, render } of PAGES)
    app.get(honoPath(path), async (c) => {
      const elsewhere = await signIn(c, service);
      c.header('Cache-Control', 'private, no-cache');
      if (elsewhere !== undefined) return c.redirect(elsewhere, 303);
      const said = isAsked === undefined ? undefined : withoutEmpty(c.req.url);
      if (said !== undefined) return c.redirect(`${c.req.path}${said}`, 303);
      const request = requestOf(c, permit(c, permission, service), stands);
      const html = await documentOf(<Shown view={await render(request)} request={request} at={c.req.path} />);
      const etag = etagOf(html);
      c.header('ETag', etag);
      const known = c.req.header('if-none-match');
      return known !== undefined && namesTag(known, etag) ? c.body(null, 304) : c.html(html);
    });
  for (const { path, permission, act } of ACTIONS)
    app.post(honoPath(path), async (c) => {
      const identity = permit(c, permission, service);
      const form = await readForm(c);
      requireOwnSite(c, form.csrf, service);
      const request = requestOf(c, identity, stands);
      const next = await act({ ...request, form });
      if (typeof next === 'string') return c.redirect(next, 303);
      if ('bytes' in next) return await fileAnswer(c, next);
      // What was typed is shown again, with what is wrong with it, or to be said once more.
      const status = next.isAsking === undefined ? 400 : 200;
      c.header('Cache-Control', 'no-store');
      return c.html(await documentOf(<Shown view={next} request={request} at={c.req.path} />), status);
    });
  for (const { path, permission, act } of FILE_ACTIONS)
    app.post(honoPath(path), async (c) => {
      const request = requestOf(c, permit(c, permission, service), stands);
      const check = (csrf: string | undefined): void => requireOwnSite(c, csrf, service);
      const files: Parameters<typeof act>[0]['files'] = (use) => readFormFiles(c, use);
      return c.redirect(await act({ ...request, check, files }), 303);
    });
  app.get('/assets/:name', (c) => {
    const asset = service.assets.get(c.req.param('name'));
    if (asset === undefined) return c.notFound();
    return c.body(asset.body, 200, { 'Content-Type': asset.type, 'Cache-Control': 'private, max-age=300' });
  });
}

interface ShownPage {
  readonly view: PageView;
  readonly request: PageRequest;
  /** The page's address. */
  readonly at: string;
}

/** A page within its frame. */
function Shown({ view: { title, body, refreshSeconds, events, script }, request, at }: ShownPage) {
  return (
    <Layout
      title={title}
      identity={request.identity}
      csrf={request.csrf}
      at={at}
      service={request.service}
      refreshSeconds={refreshSeconds}
      events={events}
      script={script}
    >
      {body}
    </Layout>
  );
}

/** The query of an address without what says nothing; undefined where all of it says something. */
function withoutEmpty(url: string): string | undefined {
  const all = [...new URL(url).searchParams];
  const said = all.filter(([, value]) => value !== '');
  if (said.length === all.length) return undefined;
  return said.length === 0 ? '' : `?${new URLSearchParams(said)}`;
}

function requestOf(
  c: Ctx,
  identity: PageRequest['identity'],
  stands: Pick<PageRequest, 'service' | 'board' | 'examples'>,
): PageRequest {
  const asker = c.get('asker');
  const csrf = asker.kind === 'session' ? asker.csrf : undefined;
  return { params: c.req.param(), query: c.req.query(), identity, csrf, ...stands };
}
