import { ConfigError } from '../../etl/errors.ts';
import type { Clock, Events } from '../../etl/ports.ts';
import { signatureHeaders, signingKey } from './event-signature.ts';
import { patiently, postJson, webAddress } from './post.ts';

/** Where events go, and how long a dead address may keep a run. */
export interface EventWebhookOptions {
  /** An http(s) address that takes a POST. It may hold a secret: messages name its host only. */
  readonly url: string;
  readonly secret: string;
  readonly clock: Clock;
  /** Called with the reason when an event could not be sent; it is kept. */
  readonly onFailure?: (reason: string) => void;
  readonly timeoutMs?: number;
  /** Before the second try; four times that before the third. */
  readonly pauseMs?: number;
}

const TIMEOUT_MS = 3000;
const PAUSE_MS = 250;
const TRIES = 3;
/** After an address failed this long, it isn't tried: events of other datasets wait for the next run at once. */
const REST_MS = 30_000;

/** Posts events as JSON, signed. Throws ConfigError `EVENTS_URL` or `EVENTS_SECRET` on settings that can't be used. */
export function eventWebhook(options: EventWebhookOptions): Events {
  const { clock, onFailure, pauseMs = PAUSE_MS, timeoutMs = TIMEOUT_MS } = options;
  const url = webAddress(options.url);
  if (url === undefined) {
    throw new ConfigError(
      'EVENTS_URL',
      '$ASSAY_EVENTS_URL is not an http or https address: correct it, or leave it out.',
    );
  }
  const key = signingKey(options.secret);
  let restUntilMs = 0;
  return {
    async publish(event) {
      if (clock.now().getTime() < restUntilMs) return 'later';
      const body = JSON.stringify(event);
      const post = () => {
        const headers = signatureHeaders(key, { id: event.id, timeMs: clock.now().getTime(), body });
        return postJson(url, { body, headers, timeoutMs });
      };
      const trouble = await patiently(post, { tries: TRIES, pauseMs });
      if (trouble === undefined) return 'told';
      onFailure?.(
        `The events' address at ${url.host} did not take event ${event.id} of ${event.dataset}: ${trouble.reason}. It is kept, and sent by the next run, or by 'assay tend'.`,
      );
      if (!trouble.isPassing) return 'refused';
      restUntilMs = clock.now().getTime() + REST_MS;
      return 'later';
    },
  };
}
