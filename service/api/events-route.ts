import type { z } from 'zod';
import { eventPieces, type PieceSource } from '../http/event-pieces.ts';
import { eventIdOf, eventStream, type Told } from '../http/event-stream.ts';
import { fewEach } from '../http/few-each.ts';
import type { Service } from '../service.ts';
import { type Asked, asked, type NOTHING, type Route } from './route.ts';

/** A GET that answers server-sent events. */
type Described = Pick<Route, 'path' | 'permission' | 'tag' | 'summary'>;

interface EventsSpec<Params extends z.ZodType> extends Described {
  readonly params: Params;
  look(asked: Asked<z.output<Params>, unknown, undefined>, service: Service): ReturnType<Told['look']>;
}

/** Browsers open few connections to a host, and a window listens while it is looked at. */
export const openFor = fewEach(20, 'streams of events');

/** A route of the API that tells of changes until there are no more. */
export function eventsRoute<Params extends z.ZodType>(spec: EventsSpec<Params>): Route {
  const { params } = spec;
  return {
    ...described(spec, { params, query: undefined }),
    async run(raw, service) {
      const one = asked<Params, typeof NOTHING, z.ZodUndefined>({ params }, raw);
      const { value, isLast } = await spec.look(one, service);
      const { lastEventId } = raw;
      if (isLast && lastEventId === eventIdOf(JSON.stringify(value)))
        return { kind: 'events', stream: undefined };
      const { listen, ending } = service.runs;
      const onEnd = openFor(raw.identity.name);
      const stream = eventStream({ look: () => spec.look(one, service), listen, ending, lastEventId, onEnd });
      return { kind: 'events', stream };
    },
  };
}

interface PiecesSpec<Params extends z.ZodType, Query extends z.ZodType> extends Described {
  readonly params: Params;
  readonly query: Query;
  source(
    asked: Asked<z.output<Params>, z.output<Query>, undefined>,
    service: Service,
  ): Promise<Pick<PieceSource, 'piece' | 'listen'>>;
}

/** A route of the API that tells events piece by piece, for as long as somebody listens. */
export function piecesRoute<Params extends z.ZodType, Query extends z.ZodType>(
  spec: PiecesSpec<Params, Query>,
): Route {
  const { params, query } = spec;
  return {
    ...described(spec, { params, query }),
    async run(raw, service) {
      const one = asked<Params, Query, z.ZodUndefined>({ params, query }, raw);
      const source = await spec.source(one, service);
      const { ending } = service.runs;
      return {
        kind: 'events',
        stream: eventPieces({ ...source, ending, onEnd: openFor(raw.identity.name) }),
      };
    },
  };
}

function described(
  { path, permission, tag, summary }: Described,
  shapes: Pick<Route, 'params' | 'query'>,
): Omit<Route, 'run'> {
  return {
    ...{ path, permission, tag, summary, ...shapes, formats: { events: 'text/event-stream' } },
    ...{ method: 'get', body: undefined, answer: undefined },
    ...{ isUpload: false, isSecret: false, isLater: false },
  };
}
