import { type ExecutionResult, type GraphQLError, getOperationAST, subscribe } from 'graphql';
import { z } from 'zod';
import { ConfigError } from '../../etl/errors.ts';
import type { Told } from '../../etl/following/next-changes.ts';
import { openFor } from '../api/events-route.ts';
import { atOnce } from '../http/at-once.ts';
import type { Ctx } from '../http/env.ts';
import { eventPieces, type Piece } from '../http/event-pieces.ts';
import { readerOf } from '../identity/reader.ts';
import { noteProductRead } from '../products/note-product-read.ts';
import { openSeenChanges, type SeenChanges } from '../projections/seen-changes.ts';
import type { Service } from '../service.ts';
import type { Asked } from './asked.ts';
import { type Asking, type OpenAsking, openAsking } from './asking.ts';
import { checkedDocument } from './checked-document.ts';
import { formattedError } from './errors.ts';
import type { schemaCache } from './schema.ts';
import { sightOf } from './sight.ts';

/** Changes that are answered at once, with one engine. */
const BATCH = 50;

const Request = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});

/** Each has an engine of its own; the others wait. */
const enter = atOnce(2, 1000);

/**
 * Answers subscriptions by the protocol of GraphQL over server-sent events, a connection for each: `next` with a result, and
 * `complete`, which comes after ten minutes, too. Each result is made when the client takes it.
 */
export function subscriber(
  schemas: ReturnType<typeof schemaCache>,
  service: Service,
): (c: Ctx, asked: Omit<Asked, 'leave'>) => Promise<Response> {
  return async (c, { text, loaded, identity }) => {
    const { query, variables, operationName } = requestOf(text);
    const sight = sightOf(identity, readerOf(identity));
    const schema = schemas(loaded, sight);
    const { document, errors } = checkedDocument(schema, query, variables ?? {});
    const refused = (wrong: readonly GraphQLError[]): Response =>
      c.json({ errors: wrong.map((error) => formattedError(error, service.onError)) }, 400);
    if (errors.length > 0) return refused(errors);
    if (getOperationAST(document, operationName)?.operation !== 'subscription')
      throw new ConfigError(
        'REQUEST',
        'Only subscriptions are answered by events: accept application/json for a query, and name the operation where there are several.',
      );
    const { effects } = service.lake;
    const live = new Live(() => openAsking({ effects, loaded, sight, onRead: () => undefined }), service);
    const results = await subscribe({
      ...{ schema, document, operationName, variableValues: variables ?? {} },
      contextValue: live.asking({ effects, loaded, sight }),
    });
    if (!(Symbol.asyncIterator in results)) return refused(results.errors ?? []);
    await noteProductRead(service, { identity, way: 'graphql' }, { dataset: live.dataset });
    const free = openFor(identity.name);
    const stream = eventPieces({
      piece: (why) => live.piece(why, results),
      listen: (listener) => live.listen(listener),
      ending: service.runs.ending,
      farewell: 'event: complete\ndata:\n\n',
      onEnd: () => {
        free();
        void results.return(undefined);
      },
    });
    const headers = { 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' };
    return c.newResponse(stream, 200, { 'Content-Type': 'text/event-stream', ...headers });
  };
}

function requestOf(text: string): z.infer<typeof Request> {
  try {
    return Request.parse(JSON.parse(text));
  } catch (error) {
    throw new ConfigError(
      'REQUEST',
      'A subscription is JSON: {"query": "subscription …", "variables": {…}}.',
      {
        cause: error,
      },
    );
  }
}

type Results = AsyncGenerator<ExecutionResult, void, void>;

/** One subscription: what it follows, and what of it is yet to be answered. */
class Live {
  dataset = '';
  readonly #open: () => OpenAsking;
  readonly #service: Service;
  readonly #queue: Told[] = [];
  #seen: SeenChanges | undefined;
  #listen: ((listener: () => void) => () => void) | undefined;
  #left: readonly Told[] = [];
  #now: OpenAsking | undefined;

  constructor(open: () => OpenAsking, service: Service) {
    this.#open = open;
    this.#service = service;
  }

  /** What fields are answered with: the engine is that of the batch. */
  asking({ effects, loaded, sight }: Pick<Asking, 'effects' | 'loaded' | 'sight'>): Asking {
    return {
      ...{ effects, loaded, sight, onRead: () => undefined },
      inTurn: async (work) => {
        if (this.#now === undefined) throw new ConfigError('QUERY_STOPPED', 'The subscription has ended.');
        return await this.#now.inTurn(work);
      },
      follow: (contract, what) => {
        const followed = this.#service.changes.of(contract);
        this.dataset = contract.dataset;
        this.#listen = followed.listen;
        this.#seen = openSeenChanges(effects, { contract, loaded, followed, reader: sight.reader, ...what });
        return queued(this.#queue);
      },
    };
  }

  listen(listener: () => void): () => void {
    return this.#listen?.(listener) ?? (() => undefined);
  }

  async piece(why: 'changed' | 'still', results: Results): Promise<Piece> {
    if (this.#left.length === 0 && why === 'changed')
      this.#left = ((await this.#seen?.next()) ?? []).filter(({ kind }) => kind !== 'nothing');
    if (this.#left.length === 0) return { text: why === 'changed' ? undefined : ':\n\n', next: 'wait' };
    const batch = this.#left.slice(0, BATCH);
    this.#left = this.#left.slice(BATCH);
    const leave = await enter();
    this.#now = this.#open();
    let text = '';
    try {
      for (const told of batch) {
        this.#queue.push(told);
        const result = await results.next();
        if (result.done === true) break;
        text += `event: next\ndata: ${JSON.stringify(this.#shown(result.value))}\n\n`;
      }
    } finally {
      await this.#now.close();
      this.#now = undefined;
      leave();
    }
    return { text, next: this.#left.length > 0 ? 'more' : 'wait' };
  }

  #shown({ data, errors }: ExecutionResult): object {
    if (errors === undefined) return { data };
    return { data, errors: errors.map((error) => formattedError(error, this.#service.onError)) };
  }
}

/** What is in a queue when it is asked; it is asked for as much as was put in. */
async function* queued(queue: Told[]): AsyncGenerator<Told> {
  for (let told = queue.shift(); told !== undefined; told = queue.shift()) yield told;
}
