import { z } from 'zod';
import { ConfigError } from '../../etl/errors.ts';
import { controlIn } from '../http/control-characters.ts';
import type { SentAnswer } from '../http/file-answer.ts';
import type { SentFile } from '../http/read-files.ts';
import type { Identity } from '../identity/identity.ts';
import type { Permission } from '../identity/permissions.ts';
import type { Service } from '../service.ts';

/** A request as a handler sees it: checked. */
export interface Asked<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly identity: Identity;
  /** What the request says in its If-Match header. */
  readonly ifMatch: string | undefined;
  /** What it says in its Accept header. */
  readonly accept: string | undefined;
  /** What it says in its Last-Event-ID header. */
  readonly lastEventId: string | undefined;
}

/** One method of one address of the API: what it takes, what it answers, and who may ask. */
interface RouteSpec<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Answer extends z.ZodType,
> {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** `/v1/runs/{runId}`. */
  readonly path: string;
  /** `everyone`: also those who are not signed in. */
  readonly permission: Permission | 'everyone';
  /** The heading under which the description lists it. */
  readonly tag: string;
  readonly summary: string;
  readonly params?: Params;
  readonly query?: Query;
  /** For POST and PUT: the JSON body. */
  readonly body?: Body;
  readonly answer: Answer;
  /** Set where nothing of its answer may be kept, under an Idempotency-Key or anywhere. */
  readonly isSecret?: true;
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
  readonly lastEventId: string | undefined;
  /** Reads the files of the request, one after another, as they come. */
  readonly files: ReadFiles;
}

/** Reads files that are sent. */
export type ReadFiles = (use: (file: SentFile) => Promise<void>) => Promise<void>;

/** A route as it is mounted and described. */
export interface Route
  extends Pick<
    RouteSpec<z.ZodType, z.ZodType, z.ZodType, z.ZodType>,
    'method' | 'path' | 'permission' | 'tag' | 'summary'
  > {
  readonly params: z.ZodType | undefined;
  readonly query: z.ZodType | undefined;
  readonly body: z.ZodType | undefined;
  /** Undefined where only a file is answered. */
  readonly answer: z.ZodType | undefined;
  /** Whether it takes files. */
  readonly isUpload: boolean;
  /** Whether nothing of its answer may be kept. */
  readonly isSecret: boolean;
  /** Whether it may be answered that the work is under way, with 202. */
  readonly isLater: boolean;
  /** Set where it may be answered that something was made that was not there, with 201. */
  readonly isMaking?: true;
  /** Of a file: its media types, by the names of the formats. */
  readonly formats: Formats | undefined;
  /** Checks the request and answers it; throws ConfigError `REQUEST` for one that says what it may not. */
  run(raw: RawRequest, service: Service): Promise<Reply>;
}

/** What is answered: a value, or a file that is streamed. */
export type Reply =
  | { readonly kind: 'json'; readonly status: 200 | 201 | 202; readonly value: unknown }
  | EventsReply
  | FileReply;

/** Server-sent events; undefined where the listener has had the last. */
export interface EventsReply {
  readonly kind: 'events';
  readonly stream: ReadableStream<Uint8Array> | undefined;
}

/** A file that is answered. */
export interface FileReply extends SentAnswer {
  readonly kind: 'file';
}

/** Formats of a file, with their media types. */
export type Formats = Readonly<Record<string, string>>;

/** The shape of what has no members. */
export const NOTHING = z.strictObject({});

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
    isUpload: false,
    isSecret: spec.isSecret === true,
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
    ...{ ...described, method: 'get', body: undefined, answer: undefined },
    ...{ isUpload: false, isSecret: false, isLater: false },
    run: async (raw, service) => ({
      kind: 'file',
      ...(await spec.handle(asked<Params, Query, z.ZodUndefined>({ params, query }, raw), service)),
    }),
  };
}

/** A GET that answers a value, or a file where the query's `format` says one. */
export function valueOrFileRoute<
  Answer extends z.ZodType,
  Params extends z.ZodType,
  Query extends z.ZodType<{ readonly format?: string }>,
>(
  spec: FileSpec<Params, Query> & {
    readonly answer: Answer;
    /** The value, where no format is said. */
    value(
      asked: Asked<z.output<Params>, z.output<Query>, undefined>,
      service: Service,
    ): Promise<z.input<Answer>>;
  },
): Route {
  const { params, query, answer } = spec;
  const files = fileRoute(spec);
  return {
    ...files,
    answer,
    async run(raw, service) {
      const request = asked<Params, Query, z.ZodUndefined>({ params, query }, raw);
      if (request.query.format !== undefined) return await files.run(raw, service);
      return { kind: 'json', status: 200, value: await spec.value(request, service) };
    },
  };
}

/** The request, checked by what the route says of it. What a route doesn't name is empty: an object without members, or no body. */
export function asked<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
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
    lastEventId: raw.lastEventId,
  };
}

function checked(shape: z.ZodType, value: unknown, where: string): unknown {
  const unseen = controlIn(value, where);
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
