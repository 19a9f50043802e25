import type { Hono } from 'hono';
import { z } from 'zod';
import { ConfigError } from '../../etl/errors.ts';
import type { Ctx, Env } from '../http/env.ts';
import { etagOf, namesTag } from '../http/etag.ts';
import { fileAnswer } from '../http/file-answer.ts';
import { honoPath } from '../http/hono-path.ts';
import { readFiles } from '../http/read-files.ts';
import { readJson } from '../http/read-json.ts';
import { onceByKey } from '../http/repeats.ts';
import type { Identity } from '../identity/identity.ts';
import { permit, requireOwnSite } from '../identity/permit.ts';
import type { Service } from '../service.ts';
import type { EventsReply, RawRequest, Reply, Route } from './route.ts';

const NOBODY: Identity = { name: '', roles: [] };

/** Adds routes to an application; other methods of their addresses are refused by name. */
export function mountRoutes(app: Hono<Env>, routes: readonly Route[], service: Service): void {
  const { clock } = service.lake.effects;
  const { tickets } = service;
  const once = onceByKey<Answered>(clock, tickets === undefined ? undefined : { tickets, answer: Answered });
  for (const route of routes) {
    app.on(route.method.toUpperCase(), honoPath(route.path), async (c) => {
      const identity = route.permission === 'everyone' ? NOBODY : permit(c, route.permission, service);
      if (route.method === 'get') {
        const reply = await route.run(await rawOf(c, identity), service);
        if (reply.kind === 'events') return events(c, reply);
        return reply.kind === 'file' ? await fileAnswer(c, reply) : tagged(c, answered(reply));
      }
      requireOwnSite(c, c.req.header('x-csrf-token'), service);
      if (route.isUpload) return json(c, answered(await route.run(await rawOf(c, identity), service)));
      const raw = await rawOf(c, identity, route.body === undefined ? undefined : await readJson(c));
      const work = async (): Promise<Answered> => answered(await route.run(raw, service));
      const key = route.isSecret ? undefined : c.req.header('idempotency-key');
      if (route.isSecret) c.header('Cache-Control', 'no-store');
      const answer =
        key === undefined
          ? await work()
          : await once(
              `${identity.name} ${identity.roles.join(' ')} ${key}`,
              `${c.req.path} ${JSON.stringify(raw.body)}`,
              work,
            );
      // What was put is what a GET of the same address answers.
      if (route.method === 'put') c.header('ETag', etagOf(answer.text));
      return json(c, answer);
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
  if (new URL(c.req.url).searchParams.has('__proto__'))
    throw new ConfigError(
      'REQUEST',
      "The query says '__proto__', which is no name of anything here: leave it out.",
    );
  if (repeated !== undefined)
    throw new ConfigError('REQUEST', `The query says '${repeated[0]}' more than once: say it once.`);
  return {
    params: c.req.param(),
    query: c.req.query(),
    body,
    identity,
    ifMatch: c.req.header('if-match'),
    accept: c.req.header('accept'),
    lastEventId: c.req.header('last-event-id'),
    files: (use) => readFiles(c, use),
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
const Answered = z.object({
  status: z.union([z.literal(200), z.literal(201), z.literal(202)]),
  text: z.string(),
});
type Answered = z.infer<typeof Answered>;

function answered(reply: Reply): Answered {
  if (reply.kind !== 'json') throw new RangeError('Only a GET answers a file, or events.');
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

/** Events as they come; 204 tells a browser not to ask again. */
function events(c: Ctx, { stream }: EventsReply): Response {
  if (stream === undefined) return c.body(null, 204);
  if (c.req.method === 'HEAD') void stream.cancel();
  return c.newResponse(c.req.method === 'HEAD' ? null : stream, 200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-store',
    // Some proxies gather what they pass on.
    'X-Accel-Buffering': 'no',
  });
}
