import { type ExecutionArgs, type ExecutionResult, execute, GraphQLError } from 'graphql';
import { createHandler, type Handler } from 'graphql-http';
import { AssayError, ConfigError } from '../../etl/errors.ts';
import type { Ctx } from '../http/env.ts';
import { readerOf } from '../identity/reader.ts';
import { noteProductRead } from '../products/note-product-read.ts';
import type { Service } from '../service.ts';
import type { Asked } from './asked.ts';
import { type OpenAsking, openAsking } from './asking.ts';
import { checkedDocument } from './checked-document.ts';
import { formattedError } from './errors.ts';
import { schemaCache } from './schema.ts';
import { sightOf } from './sight.ts';
import { subscriber } from './subscribe.ts';

/** How long a request may take. */
const DEADLINE_MS = 30_000;

type Schemas = ReturnType<typeof schemaCache>;

/** GraphQL, ready to be asked. */
export interface OpenGraphql {
  /** Answers a query. */
  answer(c: Ctx, asked: Asked): Promise<Response>;
  /** Answers a subscription, by server-sent events. */
  subscribe(c: Ctx, asked: Omit<Asked, 'leave'>): Promise<Response>;
}

/** Answers requests of GraphQL, one schema for each sight. */
export function openGraphql(service: Service): OpenGraphql {
  const schemas = schemaCache();
  return { answer: answerer(schemas, service), subscribe: subscriber(schemas, service) };
}

function answerer(schemas: Schemas, service: Service): OpenGraphql['answer'] {
  const handle = handlerOf(schemas, service);
  return async (c, { text, loaded, identity, leave }) => {
    const { effects } = service.lake;
    const read = new Set<string>();
    const onRead = (dataset: string): void => void read.add(dataset);
    const asking = openAsking({ effects, loaded, sight: sightOf(identity, readerOf(identity)), onRead });
    const stop = (): void => asking.stop();
    c.req.raw.signal.addEventListener('abort', stop);
    try {
      const [body, { status, headers }] = await handle({
        method: 'POST',
        url: c.req.url,
        headers: { get: (name) => (name === 'content-type' ? JSON_TYPE : (c.req.header(name) ?? null)) },
        body: text,
        raw: undefined,
        context: asking,
      });
      for (const dataset of read) await noteProductRead(service, { identity, way: 'graphql' }, { dataset });
      return c.body(body ?? '', status as 200, { ...headers, 'Cache-Control': 'private, no-store' });
    } finally {
      c.req.raw.signal.removeEventListener('abort', stop);
      // The caller doesn't wait for stopped work to end.
      void asking.close().catch(service.onError).finally(leave);
    }
  };
}

/** The library knows one spelling of it. */
const JSON_TYPE = 'application/json; charset=utf-8';

function handlerOf(schemas: Schemas, { onError }: Service): Handler<undefined, OpenAsking> {
  return createHandler<undefined, OpenAsking, never>({
    onSubscribe: ({ context }, { query, variables, operationName }) => {
      const { loaded, sight } = context;
      const given = variables ?? {};
      try {
        const schema = schemas(loaded, sight);
        const { document, errors } = checkedDocument(schema, query, given);
        if (errors.length > 0) return errors;
        return { schema, document, variableValues: given, operationName, contextValue: context as never };
      } catch (error) {
        if (error instanceof GraphQLError) return [error];
        if (error instanceof AssayError) return [asGraphql(error)];
        throw error;
      }
    },
    execute: (args) => inTime(args, args.contextValue as OpenAsking),
    formatError: (error) => formattedError(error, onError),
  });
}

const asGraphql = (error: AssayError): GraphQLError =>
  new GraphQLError(error.message, { originalError: error });

/** The result, or that it took too long: what runs is stopped then. */
async function inTime(args: ExecutionArgs, asking: OpenAsking): Promise<ExecutionResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<ExecutionResult>((resolve) => {
    timer = setTimeout(() => {
      asking.stop();
      const message = `The request took ${DEADLINE_MS / 1000} s, which is as long as one may: ask for fewer rows, or filter more.`;
      resolve({ errors: [asGraphql(new ConfigError('QUERY_TIME', message))], data: null });
    }, DEADLINE_MS);
  });
  try {
    return await Promise.race([execute(args), late]);
  } finally {
    clearTimeout(timer);
  }
}
