import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError, messageOf } from '../../etl/errors.ts';
import type { PublishedEvent } from '../../etl/events/published-event.ts';
import type { Clock, Events } from '../../etl/ports.ts';
import { signatureHeaders, signingKey } from './event-signature.ts';

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
  const { clock, onFailure, pauseMs = PAUSE_MS } = options;
  const url = addressOf(options.url);
  const key = signingKey(options.secret);
  let restUntilMs = 0;
  return {
    async publish(event) {
      if (clock.now().getTime() < restUntilMs) return 'later';
      for (let tries = 1; ; tries++) {
        const trouble = await post(event, { url, key, clock, timeoutMs: options.timeoutMs ?? TIMEOUT_MS });
        if (trouble === undefined) return 'told';
        if (trouble.isPassing && tries < TRIES) {
          await sleep(pauseMs * 4 ** (tries - 1));
          continue;
        }
        onFailure?.(
          `The events' address at ${url.host} did not take event ${event.id} of ${event.dataset}: ${trouble.reason}. It is kept, and sent by the next run, or by 'assay tend'.`,
        );
        if (!trouble.isPassing) return 'refused';
        restUntilMs = clock.now().getTime() + REST_MS;
        return 'later';
      }
    },
  };
}

interface Post {
  readonly url: URL;
  readonly key: Buffer;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** What kept an event from being taken, and whether that may pass by itself. */
interface Trouble {
  readonly reason: string;
  readonly isPassing: boolean;
}

async function post(
  event: PublishedEvent,
  { url, key, clock, timeoutMs }: Post,
): Promise<Trouble | undefined> {
  const body = JSON.stringify(event);
  const signed = signatureHeaders(key, { id: event.id, timeMs: clock.now().getTime(), body });
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...signed },
      body,
      // A redirect would hand the event to whoever answers there.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    if (response.ok) return undefined;
    const isPassing = response.status >= 500 || response.status === 429 || response.status === 408;
    return { reason: `it answered ${response.status}`, isPassing };
  } catch (error) {
    // `fetch failed` says nothing; its cause does.
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    return { reason: messageOf(cause), isPassing: true };
  }
}

function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  throw new ConfigError(
    'EVENTS_URL',
    '$ASSAY_EVENTS_URL is not an http or https address: correct it, or leave it out.',
  );
}
