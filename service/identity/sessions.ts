import type { Clock } from '../../etl/ports.ts';
import type { Identity } from './identity.ts';
import { hashOf, newSecret } from './same-secret.ts';

/** Hours after which a person signs in again. */
export const SESSION_HOURS = 12;
const SESSION_MS = SESSION_HOURS * 3_600_000;

/** A person who signed in by a browser. */
export interface Session {
  readonly identity: Identity;
  /** What every form of the session's pages holds, and no other site knows. */
  readonly csrf: string;
}

/** Who signed in by which cookie. */
export interface Sessions {
  /** Begins a session and returns what its cookie holds. */
  begin(identity: Identity): Promise<string>;
  /** The session of a cookie; undefined where there is none, or none any more. */
  find(id: string): Promise<Session | undefined>;
}

/** Sessions that end with this process. What their cookies hold is kept as a digest only. */
export function memorySessions(clock: Clock): Sessions {
  const kept = new Map<string, Session & { readonly endsMs: number }>();
  const keyOf = (id: string): string => hashOf(id).toString('hex');
  return {
    async begin(identity) {
      const nowMs = clock.now().getTime();
      for (const [key, { endsMs }] of kept) if (endsMs <= nowMs) kept.delete(key);
      const id = newSecret();
      kept.set(keyOf(id), { identity, csrf: newSecret(), endsMs: nowMs + SESSION_MS });
      return id;
    },
    async find(id) {
      const session = kept.get(keyOf(id));
      return session !== undefined && session.endsMs > clock.now().getTime() ? session : undefined;
    },
  };
}
