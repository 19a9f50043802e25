import type { Hono } from 'hono';
import { ConfigError } from '../../etl/errors.ts';
import type { Ctx, Env } from '../http/env.ts';
import { etagOf, namesTag } from '../http/etag.ts';
import { honoPath } from '../http/hono-path.ts';
import { readJson } from '../http/read-json.ts';
import { onceByKey } from '../http/repeats.ts';
import type { Identity } from '../identity/identity.ts';
import { permit, requireOwnSite } from '../identity/permit.ts';
import type { Service } from '../service.ts';
import type { FileReply, RawRequest, Reply, Route } from './route.ts';

const NOBODY: Identity = { name: '', roles: [] };

/** Adds routes to an application; other methods of their addresses are refused by name. */
export function mountRoutes(app: Hono<Env>, routes: readonly Route[], service: Service): void {
  const once = onceByKey<Answered>(service.lake.effects.clock);
  for (const route of routes) {
    app.on(route.method.toUpperCase(), honoPath(route.path), async (c) => {
      const identity = route.permission === 'everyone' ? NOBODY : permit(c, route.permission, service);
      if (route.method === 'get') {
        const reply = await route.run(await rawOf(c, identity), service);
        return reply.kind === 'file' ? await file(c, reply) : tagged(c, answered(reply));
      }
      requireOwnSite(c, c.req.header('x-csrf-token'), service);
      const raw = await rawOf(c, identity, route.body === undefined ? undefined : await readJson(c));
      const work = async (): Promise<Answered> => answered(await route.run(raw, service));
      const key = c.req.header('idempotency-key');
      return json(
        c,
        key === undefined
          ? await work()
          : await once(`${identity.name} ${key}`, `${c.req.path} ${JSON.stringify(raw.body)}`, work),
      );
    });
  }
  for (const [path, methods] of methodsByPath(routes)) {
    app.all(honoPath(path), (c) => {
      c.header('Allow', methods.join(', '));
      throw new ConfigError('WRONG_METHOD', `${path} has no ${c.req.method}; it has ${methods.join(', ')}.`);
    });
  }
}

async function rawOf(c: Ctx, identity: Identity, body?: unknown): Promise<RawRequest> {
  const repeated = Object.entries(c.req.queries()).find(([, values]) => values.length > 1);
  if (repeated !== undefined)
    throw new ConfigError('REQUEST', `The query says '${repeated[0]}' more than once: say it once.`);
  return {
    params: c.req.param(),
    query: c.req.query(),
    body,
    identity,
    ifMatch: c.req.header('if-match'),
    accept: c.req.header('accept'),
  };
}

function methodsByPath(routes: readonly Route[]): Map<string, string[]> {
  const methods = new Map<string, string[]>();
  for (const { path, method } of routes) {
    const own = method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()];
    methods.set(path, [...(methods.get(path) ?? []), ...own]);
  }
  return methods;
}

/** A value as it is sent. */
interface Answered {
  readonly status: 200 | 202;
  readonly text: string;
}

function answered(reply: Reply): Answered {
  if (reply.kind === 'file') throw new RangeError('Only a GET answers a file.');
  return { status: reply.status, text: JSON.stringify(reply.value) };
}

/** An answer with its tag; without its text where the asker has that already. */
function tagged(c: Ctx, { status, text }: Answered): Response {
  const etag = etagOf(text);
  c.header('ETag', etag);
  c.header('Cache-Control', 'private, no-cache');
  const known = c.req.header('if-none-match');
  return known !== undefined && namesTag(known, etag) ? c.body(null, 304) : json(c, { status, text });
}

const json = (c: Ctx, { status, text }: Answered): Response =>
  c.body(text, status, { 'Content-Type': 'application/json' });

/** A file that browsers keep under its name; it is read as it is sent. */
async function file(c: Ctx, { name, type, headers = {}, bytes }: FileReply): Promise<Response> {
  const isRead = c.req.method !== 'HEAD';
  // What is held for it is let go.
  if (!isRead) await bytes[Symbol.asyncIterator]().return?.();
  return c.newResponse(isRead ? ReadableStream.from(bytes) : null, 200, {
    'Content-Type': type,
    'Content-Disposition': `attachment; filename="${name.replaceAll(/[^\w.-]/g, '_')}"`,
    'Cache-Control': 'private, no-store',
    ...headers,
  });
}
