import type { z } from 'zod';
import type { Service } from '../service.ts';
import { type Asked, asked, type NOTHING, type Route } from './route.ts';

/** A PUT: what stands at its address from then on, and whether something stood there before. */
interface PutSpec<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Answer extends z.ZodType,
> extends Pick<Route, 'path' | 'permission' | 'tag' | 'summary'> {
  readonly params: Params;
  readonly query?: Query;
  readonly body: Body;
  /** As a GET of the same address answers it. */
  readonly answer: Answer;
  handle(
    asked: Asked<z.output<Params>, z.output<Query>, z.output<Body>>,
    service: Service,
  ): Promise<{ readonly isNew: boolean; readonly value: z.input<Answer> }>;
}

/** A route that puts something at its address: 201 where nothing was there, else 200, with the ETag that a GET would have. */
export function putRoute<
  Params extends z.ZodType,
  Body extends z.ZodType,
  Answer extends z.ZodType,
  Query extends z.ZodType = typeof NOTHING,
>(spec: PutSpec<Params, Query, Body, Answer>): Route {
  const { path, permission, tag, summary, params, query, body, answer } = spec;
  return {
    ...{ method: 'put', path, permission, tag, summary, params, query, body, answer, formats: undefined },
    ...{ isUpload: false, isSecret: false, isLater: false, isMaking: true },
    async run(raw, service) {
      const { isNew, value } = await spec.handle(asked<Params, Query, Body>(spec, raw), service);
      return { kind: 'json', status: isNew ? 201 : 200, value };
    },
  };
}
