import { ConfigError, messageOf } from '../../etl/errors.ts';
import type { Lineage } from '../../etl/ports.ts';

/** Where lineage goes, as the standard's clients read it from the environment. */
export interface LineageOptions {
  /** Address of a server that takes OpenLineage events. */
  readonly url: string;
  /** Path below it; `api/v1/lineage` unless said. */
  readonly endpoint?: string;
  /** Sent as a bearer token. */
  readonly apiKey?: string;
  /** Namespace of the jobs; `default` unless said. */
  readonly namespace?: string;
  /** Called with the reason when events could not be sent, once. */
  readonly onFailure?: (reason: string) => void;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 3000;

/**
 * Posts events to a server, each once: lineage is told as it happens, or not at all, and a server that is down keeps no run.
 * After a failure nothing more is sent by this process. Throws ConfigError `OPENLINEAGE_URL` on an address that is none.
 */
export function httpLineage(options: LineageOptions): Lineage {
  const { apiKey, namespace = 'default', endpoint = 'api/v1/lineage', onFailure } = options;
  const url = addressOf(options.url, endpoint);
  let isDown = false;
  return {
    namespace,
    async emit(event) {
      if (isDown) return;
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
          },
          body: JSON.stringify(event),
          redirect: 'manual',
          signal: AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS),
        });
        await response.body?.cancel();
        if (!response.ok) throw new Error(`it answered ${response.status}`);
      } catch (error) {
        isDown = true;
        const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
        onFailure?.(
          `The lineage server at ${url.host} took no event: ${messageOf(cause)}. None is sent any more.`,
        );
      }
    },
  };
}

/** What $OPENLINEAGE_URL and its relatives say; undefined where there is no address, or $OPENLINEAGE_DISABLED is true. */
export function lineageFrom(env: Readonly<Record<string, string | undefined>>): LineageOptions | undefined {
  const { OPENLINEAGE_URL: url = '', OPENLINEAGE_ENDPOINT, OPENLINEAGE_API_KEY, OPENLINEAGE_NAMESPACE } = env;
  if (url === '' || env.OPENLINEAGE_DISABLED?.trim().toLowerCase() === 'true') return undefined;
  return {
    url,
    ...(OPENLINEAGE_ENDPOINT ? { endpoint: OPENLINEAGE_ENDPOINT } : {}),
    ...(OPENLINEAGE_API_KEY ? { apiKey: OPENLINEAGE_API_KEY } : {}),
    ...(OPENLINEAGE_NAMESPACE ? { namespace: OPENLINEAGE_NAMESPACE } : {}),
  };
}

function addressOf(text: string, endpoint: string): URL {
  const url = URL.canParse(text) ? new URL(endpoint, text.endsWith('/') ? text : `${text}/`) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  throw new ConfigError(
    'OPENLINEAGE_URL',
    '$OPENLINEAGE_URL is not an http or https address: correct it, or leave it out.',
  );
}
