import { type Patience, patiently, postJson, webAddress } from '../../adapters/http/post.ts';
import { ConfigError, TransientError } from '../../etl/errors.ts';

const TIMEOUT_MS = 4_000;
const PATIENCE: Patience = { tries: 3, pauseMs: 500 };

/** The address in a secret; undefined where none was put in yet. Throws ConfigError `WEBHOOK_URL` on anything else. */
export function webhookAddress(secret: string): URL | undefined {
  const text = secret.trim();
  if (text === '' || text === 'not set') return undefined;
  const url = webAddress(text);
  if (url !== undefined) return url;
  throw new ConfigError(
    'WEBHOOK_URL',
    'The secret of the webhook holds no http or https address: correct it.',
  );
}

/**
 * Posts a text as Slack takes it. Tries again on a timeout, a broken connection, 429 and 5xx; throws TransientError
 * when it gives up, and ConfigError when the address is refused for good. Errors name the host only: the path is a secret.
 */
export async function postText(
  url: URL,
  text: string,
  { timeoutMs, ...patience }: Patience & { readonly timeoutMs: number } = {
    ...PATIENCE,
    timeoutMs: TIMEOUT_MS,
  },
): Promise<void> {
  const body = JSON.stringify({ text: escaped(text) });
  const trouble = await patiently(() => postJson(url, { body, timeoutMs }), patience);
  if (trouble === undefined) return;
  const message = `The webhook at ${url.host} did not take the alert: ${trouble.reason}.`;
  if (!trouble.isPassing) throw new ConfigError('WEBHOOK_REFUSED', `${message} Correct its address.`);
  throw new TransientError('WEBHOOK_UNAVAILABLE', message);
}

/** Slack's control characters: https://docs.slack.dev/messaging/formatting-message-text#escaping. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
