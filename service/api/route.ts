import { z } from 'zod';
import { ConfigError } from '../../etl/errors.ts';
import type { Identity } from '../identity/identity.ts';
import type { Permission } from '../identity/permissions.ts';
import type { Service } from '../service.ts';

/** A request as a handler sees it: checked. */
interface Asked<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly identity: Identity;
  /** What the request says in its If-Match header. */
  readonly ifMatch: string | undefined;
  /** What it says in its Accept header. */
  readonly accept: string | undefined;
}

/** One method of one address of the API: what it takes, what it answers, and who may ask. */
interface RouteSpec<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Answer extends z.ZodType,
> {
  readonly method: 'get' | 'post' | 'delete';
  /** `/v1/runs/{runId}`. */
  readonly path: string;
  /** `everyone`: also those who are not signed in. */
  readonly permission: Permission | 'everyone';
  /** The heading under which the description lists it. */
  readonly tag: string;
  readonly summary: string;
  readonly params?: Params;
  readonly query?: Query;
  /** For POST: the JSON body. */
  readonly body?: Body;
  readonly answer: Answer;
  /** Whether it may answer that the work is still under way; by default it may not. */
  readonly isUnderWay?: (answer: z.input<Answer>) => boolean;
  handle(
    asked: Asked<z.output<Params>, z.output<Query>, z.output<Body>>,
    service: Service,
  ): Promise<z.input<Answer>>;
}

/** A request as it came. */
export interface RawRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly identity: Identity;
  readonly ifMatch: string | undefined;
  readonly accept: string | undefined;
}

/** A route as it is mounted and described. */
export interface Route
  extends Pick<
    RouteSpec<z.ZodType, z.ZodType, z.ZodType, z.ZodType>,
    'method' | 'path' | 'permission' | 'tag' | 'summary'
  > {
  readonly params: z.ZodType | undefined;
  readonly query: z.ZodType | undefined;
  readonly body: z.ZodType | undefined;
  readonly answer: z.ZodType;
  /** Whether it may be answered that the work is under way, with 202. */
  readonly isLater: boolean;
  /** Of a file: its media types, by the names of the formats. */
  readonly formats: Formats | undefined;
  /** Checks the request and answers it; throws ConfigError `REQUEST` for one that says what it may not. */
  run(raw: RawRequest, service: Service): Promise<Reply>;
}

/** What is answered: a value, or a file that is streamed. */
export type Reply =
  | { readonly kind: 'json'; readonly status: 200 | 202; readonly value: unknown }
  | FileReply;

/** A file that is answered. */
export interface FileReply {
  readonly kind: 'file';
  readonly name: string;
  /** Its media type. */
  readonly type: string;
  /** What else is said of it. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Formats of a file, with their media types. */
export type Formats = Readonly<Record<string, string>>;

const NOTHING = z.strictObject({});

/** A route of the API that answers a value. */
export function route<
  Answer extends z.ZodType,
  Params extends z.ZodType = typeof NOTHING,
  Query extends z.ZodType = typeof NOTHING,
  Body extends z.ZodType = z.ZodUndefined,
>(spec: RouteSpec<Params, Query, Body, Answer>): Route {
  const { method, path, permission, tag, summary, params, query, body, answer, isUnderWay } = spec;
  return {
    ...{ method, path, permission, tag, summary, params, query, body, answer, formats: undefined },
    isLater: isUnderWay !== undefined,
    async run(raw, service) {
      const value = await spec.handle(asked<Params, Query, Body>(spec, raw), service);
      return { kind: 'json', status: isUnderWay?.(value) === true ? 202 : 200, value };
    },
  };
}

/** A GET that answers a file. */
interface FileSpec<Params extends z.ZodType, Query extends z.ZodType>
  extends Pick<Route, 'path' | 'permission' | 'tag' | 'summary'> {
  readonly params: Params;
  readonly query: Query;
  readonly formats: Formats;
  handle(
    asked: Asked<z.output<Params>, z.output<Query>, undefined>,
    service: Service,
  ): Promise<Omit<FileReply, 'kind'>>;
}

/** A route of the API that answers a file. */
export function fileRoute<Params extends z.ZodType, Query extends z.ZodType>(
  spec: FileSpec<Params, Query>,
): Route {
  const { path, permission, tag, summary, params, query, formats } = spec;
  const described = { path, permission, tag, summary, params, query, formats };
  return {
    ...{ ...described, method: 'get', body: undefined, answer: z.unknown(), isLater: false },
    run: async (raw, service) => ({
      kind: 'file',
      ...(await spec.handle(asked<Params, Query, z.ZodUndefined>({ params, query }, raw), service)),
    }),
  };
}

/** The request, checked by what the route says of it. What a route doesn't name is empty: an object without members, or no body. */
function asked<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
  { params, query, body }: { params?: Params; query?: Query; body?: Body },
  raw: RawRequest,
): Asked<z.output<Params>, z.output<Query>, z.output<Body>> {
  return {
    params: checked(params ?? NOTHING, raw.params, 'path') as z.output<Params>,
    query: checked(query ?? NOTHING, raw.query, 'query') as z.output<Query>,
    body: checked(body ?? z.undefined(), raw.body, 'body') as z.output<Body>,
    identity: raw.identity,
    ifMatch: raw.ifMatch,
    accept: raw.accept,
  };
}

function checked(shape: z.ZodType, value: unknown, where: string): unknown {
  const unseen = unseenIn(value, where);
  if (unseen !== undefined)
    throw new ConfigError(
      'REQUEST',
      `The request can't be understood: ${unseen}: it has a control character: leave it out.`,
    );
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const wrong = result.error.issues.map(
    ({ path, message }) => `${[where, ...path].map(String).join('.')}: ${message}`,
  );
  throw new ConfigError('REQUEST', `The request can't be understood: ${wrong.join('; ')}.`);
}

/** Tabs and line ends aside, which SQL and reasons may have. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/** Where a value has a text with a control character in it: no SQL can have a NUL, and no log should have the others. */
function unseenIn(value: unknown, where: string): string | undefined {
  if (typeof value === 'string') return CONTROL.test(value) ? where : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, one] of Object.entries(value)) {
    if (CONTROL.test(key)) return where;
    const found = unseenIn(one, `${where}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
