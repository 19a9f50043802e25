import type { z } from 'zod';
import { eventIdOf, eventStream, type Told } from '../http/event-stream.ts';
import { fewEach } from '../http/few-each.ts';
import type { Service } from '../service.ts';
import { type Asked, asked, type NOTHING, type Route } from './route.ts';

/** A GET that answers server-sent events. */
interface EventsSpec<Params extends z.ZodType>
  extends Pick<Route, 'path' | 'permission' | 'tag' | 'summary'> {
  readonly params: Params;
  look(asked: Asked<z.output<Params>, unknown, undefined>, service: Service): ReturnType<Told['look']>;
}

/** Browsers open few connections to a host, and a window listens while it is looked at. */
const openFor = fewEach(20, 'streams of events');

/** A route of the API that tells of changes until there are no more. */
export function eventsRoute<Params extends z.ZodType>(spec: EventsSpec<Params>): Route {
  const { path, permission, tag, summary, params } = spec;
  const described = { path, permission, tag, summary, params, formats: { events: 'text/event-stream' } };
  return {
    ...{
      ...described,
      method: 'get',
      query: undefined,
      body: undefined,
      answer: undefined,
      isUpload: false,
      isSecret: false,
      isLater: false,
    },
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
