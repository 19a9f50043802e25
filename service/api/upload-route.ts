import type { z } from 'zod';
import type { Service } from '../service.ts';
import { type Asked, asked, type ReadFiles, type Route } from './route.ts';

/** A POST that takes files. */
interface UploadSpec<Params extends z.ZodType, Query extends z.ZodType, Answer extends z.ZodType>
  extends Pick<Route, 'path' | 'permission' | 'tag' | 'summary'> {
  readonly params: Params;
  readonly query: Query;
  readonly answer: Answer;
  handle(
    asked: Asked<z.output<Params>, z.output<Query>, undefined>,
    files: ReadFiles,
    service: Service,
  ): Promise<z.input<Answer>>;
}

/** A route of the API that takes files, however large: none is held in memory. */
export function uploadRoute<Params extends z.ZodType, Query extends z.ZodType, Answer extends z.ZodType>(
  spec: UploadSpec<Params, Query, Answer>,
): Route {
  const { path, permission, tag, summary, params, query, answer } = spec;
  return {
    ...{ path, permission, tag, summary, params, query, answer, method: 'post', body: undefined },
    ...{ formats: undefined, isUpload: true, isSecret: false, isLater: false },
    async run(raw, service) {
      const one = asked<Params, Query, z.ZodUndefined>({ params, query }, raw);
      return { kind: 'json', status: 200, value: await spec.handle(one, raw.files, service) };
    },
  };
}
