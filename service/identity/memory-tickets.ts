import type { Clock, Tickets } from '../../etl/ports.ts';

/** How often tickets that ended are looked for. */
const SWEEP_MS = 60_000;
/** Where there are more, the oldest goes that is of somebody who hasn't signed in yet. */
const MOST = 100_000;

/** Tickets that end with this process. */
export function memoryTickets(clock: Clock): Tickets {
  const kept = new Map<string, { readonly text: string; readonly endsMs: number }>();
  const nowMs = (): number => clock.now().getTime();
  let sweptMs = nowMs();
  const sweep = (): void => {
    sweptMs = nowMs();
    for (const [old, { endsMs }] of kept) if (endsMs <= sweptMs) kept.delete(old);
  };
  const get = async (key: string): Promise<string | undefined> => {
    const ticket = kept.get(key);
    return ticket !== undefined && ticket.endsMs > nowMs() ? ticket.text : undefined;
  };
  return {
    get,
    async put(key, text, endsAt) {
      if (nowMs() - sweptMs >= SWEEP_MS) sweep();
      kept.set(key, { text, endsMs: endsAt.getTime() });
      if (kept.size > MOST) kept.delete(firstOf(kept.keys(), isOfLeaving) ?? key);
    },
    take(key) {
      const found = get(key);
      kept.delete(key);
      return found;
    },
  };
}

const isOfLeaving = (key: string): boolean => key.startsWith('sign-in ');

function firstOf(keys: Iterable<string>, isWanted: (key: string) => boolean): string | undefined {
  for (const key of keys) if (isWanted(key)) return key;
  return undefined;
}
