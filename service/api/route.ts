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
}

/** One method of one address of the API: what it takes, what it answers, and who may ask. */
interface RouteSpec<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Answer extends z.ZodType,
> {
  readonly method: 'get' | 'post';
  /** `/v1/runs/{runId}`. */
  readonly path: string;
  /** `everyone`: also those who are not signed in. */
  readonly permission: Permission | 'everyone';
  /** The heading under which the description lists it. */
  readonly tag: string;
  readonly summary: string;
  readonly params?: Params;
  readonly query?: Query;
  /** Of a POST: what is sent as JSON. */
  readonly body?: Body;
  readonly answer: Answer;
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
  /** Checks the request and answers it; throws ConfigError `REQUEST` for one that says what it may not. */
  run(raw: RawRequest, service: Service): Promise<unknown>;
}

const NOTHING = z.strictObject({});

/** A route of the API. */
export function route<
  Answer extends z.ZodType,
  Params extends z.ZodType = typeof NOTHING,
  Query extends z.ZodType = typeof NOTHING,
  Body extends z.ZodType = z.ZodUndefined,
>(spec: RouteSpec<Params, Query, Body, Answer>): Route {
  const { method, path, permission, tag, summary, params, query, body, answer } = spec;
  return {
    ...{ method, path, permission, tag, summary, params, query, body, answer },
    run: (raw, service) =>
      spec.handle(
        {
          // What a route doesn't name is empty by type: an object without members, or no body.
          params: checked(params ?? NOTHING, raw.params, 'path') as z.output<Params>,
          query: checked(query ?? NOTHING, raw.query, 'query') as z.output<Query>,
          body: checked(body ?? z.undefined(), raw.body, 'body') as z.output<Body>,
          identity: raw.identity,
          ifMatch: raw.ifMatch,
        },
        service,
      ),
  };
}

function checked(shape: z.ZodType, value: unknown, where: string): unknown {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const wrong = result.error.issues.map(
    ({ path, message }) => `${[where, ...path].map(String).join('.')}: ${message}`,
  );
  throw new ConfigError('REQUEST', `The request can't be understood: ${wrong.join('; ')}.`);
}
