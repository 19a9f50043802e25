import { describe, expect, test } from '@jest/globals';
import { columnOf, contractOf, infer } from './infer.ts';

const LOCAL = ['2024-01-31T13:45:00', '2024-07-01T08:00:00', '2024-07-02T09:30:00'];

/** A file of a key, a time and what stands beside it. */
async function guess(times: readonly string[], header: string, beside: readonly string[]) {
  const lines = times.map((time, n) => `A${n},${beside[n] ?? ''},${time}`);
  const proposal = await infer({ 'a.csv': [`id,${header},read at`, ...lines].join('\n') });
  return { proposal, contract: contractOf(proposal), column: columnOf(proposal, 'read_at') };
}

const reviews = ({ column }: Awaited<ReturnType<typeof guess>>): string =>
  column.notes
    .filter(({ kind }) => kind === 'review')
    .map(({ text }) => text)
    .join('\n');

describe('times without an offset', () => {
  test('are marked, with the zone in which they are read', async () => {
    const guessed = await guess(LOCAL, 'site', ['north', 'south', 'east']);
    expect(reviews(guessed)).toBe(
      '3 of 3 times have no offset; they are read as UTC. If they are local times, add logicalTypeOptions: {defaultTimezone: Europe/London}, with the zone of the place.',
    );
    expect(guessed.column.timezone).toBeUndefined();
  });

  test('are marked where some have an offset, and not where all do', async () => {
    const some = await guess(['2024-01-31T13:45:00', '2024-07-01T08:00:00Z'], 'site', ['a', 'b']);
    expect(reviews(some)).toContain('1 of 2 times have no offset');
    const all = await guess(['2024-01-31T13:45:00+01:00', '2024-07-01T08:00:00Z'], 'site', ['a', 'b']);
    expect(reviews(all)).toBe('');
  });

  test.each([
    ['site', ['Europe/London', 'America/New_York', 'asia/kolkata']],
    ['site tz', ['EST', 'CET', 'GB']],
    ['shift', ['+02:00', '-05:00', '+05:30']],
    ['UTC offset', ['+0200', '-0500', '+0530']],
  ])('are read by the zones beside them: %s', async (header, zones) => {
    const guessed = await guess(LOCAL, header, zones);
    const name = header.toLowerCase().replace(' ', '_');
    expect(guessed.contract.columns.find((one) => one.name === 'read_at')?.timezone).toMatchObject({
      column: name,
    });
    expect(columnOf(guessed.proposal, name).type).toEqual({ kind: 'string' });
    expect(reviews(guessed)).toContain(`they are read as local times of the zone in ${name}`);
  });

  test('are not read by countries and currencies that are called as a zone is', async () => {
    for (const values of [
      ['GB', 'Cuba', 'Japan'],
      ['EST', 'CET', 'MST'],
      ['UTC', 'UTC', 'UTC'],
    ])
      expect((await guess(LOCAL, 'site', values)).column.timezone).toBeUndefined();
  });

  test('are told where some have no zone', async () => {
    const guessed = await guess(LOCAL, 'zone', ['Europe/London', '', 'Europe/Paris']);
    expect(reviews(guessed)).toContain('In 1 record a time stands without a zone;');
  });

  test('are read by the zone that is named alike, where there are several', async () => {
    const proposal = await infer({
      'a.csv':
        'id,start zone,end zone,end time,start time\n1,Europe/London,Europe/Paris,2024-07-01T08:00:00,2024-07-01T07:00:00\n2,Europe/Rome,Europe/Paris,2024-07-02T08:00:00,2024-07-02T07:00:00\n',
    });
    expect(columnOf(proposal, 'start_time').timezone).toEqual({ column: 'start_zone' });
    expect(columnOf(proposal, 'end_time').timezone).toEqual({ column: 'end_zone' });
    contractOf(proposal);
  });
});
