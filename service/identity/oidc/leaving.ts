import { z } from 'zod';
import type { Clock, Tickets } from '../../../etl/ports.ts';
import { hashOf } from '../same-secret.ts';
import type { Leaving } from './code-flow.ts';

/** Minutes that a person has at the issuer's to sign in. */
export const SIGN_IN_MINUTES = 15;

const Kept = z.object({
  /** Digest of the cookie of the browser that left. */
  browser: z.string(),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  /** The page that was asked for. */
  to: z.string(),
});

/** Browsers that were sent to the issuer, by the state that they bring back. */
export interface Departures {
  note(leaving: Leaving, from: { readonly browser: string; readonly to: string }): Promise<void>;
  /** What was noted of a state, once, and only for the browser that left with it. */
  back(
    state: string,
    browser: string,
  ): Promise<{ readonly leaving: Leaving; readonly to: string } | undefined>;
}

/** Notes of browsers that left. Who copies an address with a state, or sends it again, finds nothing. */
export function openDepartures(tickets: Tickets, clock: Clock): Departures {
  const digest = (text: string): string => hashOf(text).toString('hex');
  const keyOf = (state: string): string => `sign-in ${digest(state)}`;
  return {
    async note(leaving, { browser, to }) {
      const endsAt = new Date(clock.now().getTime() + SIGN_IN_MINUTES * 60_000);
      const kept: z.infer<typeof Kept> = { ...leaving, browser: digest(browser), to };
      await tickets.put(keyOf(leaving.state), JSON.stringify(kept), endsAt);
    },
    async back(state, browser) {
      const text = await tickets.take(keyOf(state));
      if (text === undefined) return undefined;
      const { to, browser: left, ...leaving } = Kept.parse(JSON.parse(text));
      return left === digest(browser) ? { leaving, to } : undefined;
    },
  };
}
