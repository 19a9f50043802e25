import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../etl/errors.ts';

/** What is posted, and how long an answer is waited for. */
export interface Post {
  /** JSON. */
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** Why a post was not taken, and whether the same one may be taken later. */
export interface PostTrouble {
  readonly reason: string;
  readonly isPassing: boolean;
  /**
   * Whether the connection ended without an answer. A kept-open one may have ended unnoticed, as while a Lambda
   * function sleeps; a retry opens a new one.
   */
  readonly isBroken?: boolean;
}

/** Codes of Node and of its fetch for a connection that ended. */
const BROKEN: ReadonlySet<unknown> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** How often a post is tried. */
export interface Patience {
  readonly tries: number;
  /** Before the second try; four times that before the third, and so on. */
  readonly pauseMs: number;
}

/** The http or https address in a text; undefined where it holds none. */
export function webAddress(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url : undefined;
}

/**
 * Posts JSON once; undefined where it was taken, and never throws. Redirects are not followed: they would hand the body to
 * whoever answers there.
 */
export async function postJson(
  url: URL,
  { body, headers, timeoutMs }: Post,
): Promise<PostTrouble | undefined> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    if (response.ok) return undefined;
    const isPassing = response.status >= 500 || response.status === 429 || response.status === 408;
    return { reason: `it answered ${response.status}`, isPassing };
  } catch (error) {
    // `fetch failed` says nothing; its cause does.
    const cause = partOf(error, 'cause') ?? error;
    const isBroken = BROKEN.has(partOf(cause, 'code'));
    return { reason: messageOf(cause), isPassing: true, ...(isBroken ? { isBroken } : {}) };
  }
}

function partOf(error: unknown, name: 'cause' | 'code'): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
}

/** Retries a post while the trouble may pass. Returns the last try's trouble; undefined after success. */
export async function patiently(
  post: () => Promise<PostTrouble | undefined>,
  { tries, pauseMs }: Patience,
): Promise<PostTrouble | undefined> {
  for (let tried = 1; ; tried++) {
    const trouble = await post();
    if (trouble === undefined || !trouble.isPassing || tried >= tries) return trouble;
    await sleep(pauseMs * 4 ** (tried - 1));
  }
}
