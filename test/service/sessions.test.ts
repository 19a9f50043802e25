import { expect, test } from '@jest/globals';
import { memoryTickets } from '../../service/identity/memory-tickets.ts';
import { openDepartures } from '../../service/identity/oidc/leaving.ts';
import { openSessions } from '../../service/identity/sessions.ts';

const HOUR_MS = 3_600_000;
let nowMs = Date.parse('2026-11-29T08:00:00Z');
const clock = { now: () => new Date(nowMs) };
const tickets = memoryTickets(clock);
const ann = { name: 'ann', roles: ['operator'] as const };

test('a session ends when it was to end, however much it was used', async () => {
  const sessions = openSessions({ tickets, clock, hours: 2 });
  const id = await sessions.begin(ann);
  for (const [laterMs, isThere] of [
    [HOUR_MS, true],
    [HOUR_MS - 1, true],
    [1, false],
  ] as const) {
    nowMs += laterMs;
    expect((await sessions.find(id))?.identity).toEqual(isThere ? ann : undefined);
  }
});

test('what is kept lets nobody in who reads it, and roles that there are no longer are none', async () => {
  const kept = new Map<string, string>();
  const noting = { ...tickets, put: async (key: string, text: string) => void kept.set(key, text) };
  const id = await openSessions({ tickets: noting, clock }).begin(ann);
  expect(JSON.stringify([...kept])).not.toContain(id);
  const [[key = '', text = ''] = []] = kept;
  const older = {
    ...tickets,
    get: async (asked: string) => (asked === key ? text.replace('operator', 'king') : undefined),
  };
  expect((await openSessions({ tickets: older, clock }).find(id))?.identity).toEqual({
    name: 'ann',
    roles: [],
  });
});

test('who comes back later than a quarter of an hour signs in again', async () => {
  const departures = openDepartures(tickets, clock);
  const leaving = { state: 's', nonce: 'n', verifier: 'v' };
  const from = { browser: 'b', to: '/runs' };
  await departures.note(leaving, from);
  nowMs += 15 * 60_000 - 1;
  expect(await departures.back('s', 'b')).toEqual({ leaving, to: '/runs' });
  await departures.note(leaving, from);
  nowMs += 15 * 60_000;
  expect(await departures.back('s', 'b')).toBeUndefined();
});
