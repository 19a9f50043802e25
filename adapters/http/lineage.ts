import { ConfigError, messageOf } from '../../etl/errors.ts';
import type { Clock, Lineage } from '../../etl/ports.ts';
import { postJson, webAddress } from './post.ts';

/** Where lineage goes, as the standard's clients read it from the environment. */
export interface LineageOptions {
  /** Address of a server that takes OpenLineage events. */
  readonly url: string;
  /** Path below it; `api/v1/lineage` unless said. */
  readonly endpoint?: string;
  /** Sent as a bearer token; a function is asked before each event. */
  readonly apiKey?: string | (() => Promise<string | undefined>);
  /** Namespace of the jobs; `default` unless said. */
  readonly namespace?: string;
  /** Called with the reason when events could not be made or sent. */
  readonly onFailure?: (reason: string) => void;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 3000;
/** After a server failed this long, it isn't tried: it keeps no run waiting for each of its events. */
const REST_MS = 60_000;

/**
 * Posts events to a server at once or never: a server that is down delays no run. Posts again if the connection had
 * already ended. After a failure, sends nothing for a minute. Throws ConfigError `OPENLINEAGE_URL` on an address that
 * is none.
 */
export function httpLineage({ clock, ...options }: LineageOptions & { readonly clock: Clock }): Lineage {
  const { apiKey, namespace = 'default', onFailure, timeoutMs = TIMEOUT_MS } = options;
  const url = addressOf(options.url, options.endpoint ?? 'api/v1/lineage');
  let restUntilMs = 0;
  const missed = (reason: string): void => {
    restUntilMs = clock.now().getTime() + REST_MS;
    onFailure?.(
      `The lineage server at ${url.host} took no event: ${reason}. None is sent for the next minute.`,
    );
  };
  return {
    namespace,
    async emit(event) {
      if (clock.now().getTime() < restUntilMs) return;
      try {
        const key = typeof apiKey === 'function' ? await apiKey() : apiKey;
        const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
        const post = () => postJson(url, { body: JSON.stringify(event), headers, timeoutMs });
        const first = await post();
        const trouble = first?.isBroken === true ? await post() : first;
        if (trouble !== undefined) missed(trouble.reason);
      } catch (error) {
        missed(`its key could not be read (${messageOf(error)})`);
      }
    },
    unmade: (reason) => onFailure?.(`The lineage server at ${url.host} is not told all of a run: ${reason}`),
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
  const url = webAddress(text.endsWith('/') ? text : `${text}/`);
  if (url !== undefined) return new URL(endpoint, url);
  throw new ConfigError(
    'OPENLINEAGE_URL',
    '$OPENLINEAGE_URL is not an http or https address: correct it, or leave it out.',
  );
}
