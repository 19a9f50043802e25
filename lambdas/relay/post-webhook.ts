import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError, messageOf, TransientError } from '../../etl/errors.ts';

/** How long and how often a webhook is tried. */
export interface Patience {
  readonly timeoutMs: number;
  readonly attempts: number;
  /** Before the second attempt; doubled before each later one. */
  readonly pauseMs: number;
}

const PATIENCE: Patience = { timeoutMs: 4_000, attempts: 3, pauseMs: 500 };

/** The address in a secret; undefined where none was put in yet. Throws ConfigError `WEBHOOK_URL` on anything else. */
export function webhookAddress(secret: string): URL | undefined {
  const text = secret.trim();
  if (text === '' || text === 'not set') return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  throw new ConfigError(
    'WEBHOOK_URL',
    'The secret of the webhook holds no http or https address: correct it.',
  );
}

/**
 * Posts a text as Slack takes it. Tries again on a timeout, a broken connection, 429 and 5xx; throws TransientError
 * when it gives up, and ConfigError when the address is refused for good. Errors name the host only: the path is a secret.
 */
export async function postText(url: URL, text: string, patience: Patience = PATIENCE): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const trouble = await tryToPost(url, text, patience.timeoutMs);
    if (trouble === undefined) return;
    const message = `The webhook at ${url.host} did not take the alert: ${trouble.reason}.`;
    if (!trouble.isPassing) throw new ConfigError('WEBHOOK_REFUSED', `${message} Correct its address.`);
    if (attempt >= patience.attempts) throw new TransientError('WEBHOOK_UNAVAILABLE', message);
    await sleep(patience.pauseMs * 2 ** (attempt - 1));
  }
}

interface Trouble {
  readonly reason: string;
  readonly isPassing: boolean;
}

async function tryToPost(url: URL, text: string, timeoutMs: number): Promise<Trouble | undefined> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: escaped(text) }),
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

/** Slack's control characters: https://docs.slack.dev/messaging/formatting-message-text#escaping. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
