import { z } from 'zod';
import type { Clock, Tickets } from '../../etl/ports.ts';
import type { Identity } from './identity.ts';
import { memoryTickets } from './memory-tickets.ts';
import { ROLES, type Role } from './permissions.ts';
import { hashOf, newSecret } from './same-secret.ts';

/** Hours after which a person signs in again, unless the service is told otherwise. */
export const SESSION_HOURS = 12;

/** A person who signed in by a browser. */
export interface Session {
  readonly identity: Identity;
  /** What every form of the session's pages holds, and no other site knows. */
  readonly csrf: string;
}

/** Who signed in by which cookie. */
export interface Sessions {
  /** Hours after which a person signs in again. */
  readonly hours: number;
  /** Begins a session and returns what its cookie holds. */
  begin(identity: Identity): Promise<string>;
  /** The session of a cookie; undefined where there is none, or none any more. */
  find(id: string): Promise<Session | undefined>;
  /** Ends the session of a cookie. */
  end(id: string): Promise<void>;
}

const isRole = (name: string): name is Role => Object.hasOwn(ROLES, name);

/** A session as it is kept; roles that a release has no longer are none. */
const Kept = z.object({
  name: z.string(),
  roles: z.array(z.string()).transform((names) => names.filter(isRole)),
  groups: z.array(z.string()).exactOptional(),
  teams: z.array(z.string()).exactOptional(),
  csrf: z.string(),
});

/** Where sessions are kept, and how long. */
export interface SessionOptions {
  readonly tickets: Tickets;
  readonly clock: Clock;
  readonly hours?: number;
}

/** Sessions under digests of what their cookies hold: who reads the store can't sign in by it. */
export function openSessions({ tickets, clock, hours = SESSION_HOURS }: SessionOptions): Sessions {
  const keyOf = (id: string): string => `session ${hashOf(id).toString('hex')}`;
  return {
    hours,
    async begin({ name, roles, groups, teams }) {
      const id = newSecret();
      const endsAt = new Date(clock.now().getTime() + hours * 3_600_000);
      await tickets.put(keyOf(id), JSON.stringify({ name, roles, groups, teams, csrf: newSecret() }), endsAt);
      return id;
    },
    async find(id) {
      const text = await tickets.get(keyOf(id));
      if (text === undefined) return undefined;
      const { csrf, ...identity } = Kept.parse(JSON.parse(text));
      return { identity, csrf };
    },
    async end(id) {
      await tickets.take(keyOf(id));
    },
  };
}

/** Sessions that end with this process. */
export const memorySessions = (clock: Clock): Sessions =>
  openSessions({ tickets: memoryTickets(clock), clock });
