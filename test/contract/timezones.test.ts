import { describe, expect, test } from '@jest/globals';
import { compareContracts } from '../../etl/contract/compare-contracts.ts';
import type { ColumnTimezone, SourceContract } from '../../etl/contract/contract.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { readingContract } from '../../etl/contract/reading-contract.ts';
import { describeContract } from '../../etl/query/catalog.ts';
import { RULES_VERSION } from '../../etl/timezones/rules.ts';
import { type ColumnText, contractText } from '../stages/contract-text.ts';
import { problemsOf } from './fixture.ts';

/** A contract with one timestamp, `sent_at`, and a text column that may hold its zones. */
function written(more: Readonly<Record<string, unknown>>, timezone?: unknown, type = 'timestamp'): string {
  const sentAt: ColumnText = {
    name: 'sent_at',
    type,
    more: { description: 'When it was sent.', logicalTypeOptions: more },
    ...(timezone === undefined ? {} : { assay: { timezone } }),
  };
  const columns = [{ name: 'id', key: true }, { name: 'site' }, { name: 'n', type: 'integer' }, sentAt];
  return contractText({ partitionColumn: 'arrived_at', columns });
}

const read = (...of: Parameters<typeof written>): SourceContract =>
  parseContract('c.yaml', written(...of)) as SourceContract;
const timezoneOf = (...of: Parameters<typeof written>): ColumnTimezone | undefined =>
  read(...of).columns[3]?.timezone;

describe('the time zone of a column', () => {
  test('is UTC where nothing, or UTC, is said', () => {
    const plain = read({});
    for (const zone of ['UTC', 'Etc/UTC', 'Z']) {
      expect(read({ defaultTimezone: zone }).digest).toBe(plain.digest);
    }
    expect(read({ timezone: false }).digest).toBe(plain.digest);
  });

  test('is ODCS’s defaultTimezone, a zone of IANA or an offset', () => {
    expect(timezoneOf({ defaultTimezone: 'Europe/London' })).toEqual({
      default: 'Europe/London',
      gap: 'reject',
      fold: 'reject',
      rules: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    expect(timezoneOf({ defaultTimezone: '+05:30' }, { gap: 'later', fold: 'earlier' })).toEqual({
      default: '+05:30',
      gap: 'later',
      fold: 'earlier',
    });
  });

  test('stands beside each value, in a column', () => {
    expect(timezoneOf({ defaultTimezone: 'UTC' }, { column: 'site' })).toEqual({
      default: 'UTC',
      column: 'site',
      gap: 'reject',
      fold: 'reject',
      rules: RULES_VERSION,
    });
  });

  test('is each value’s own where ODCS’s timezone says so', () => {
    expect(timezoneOf({ timezone: true })).toEqual({ gap: 'reject', fold: 'reject' });
  });

  test.each([
    [
      written({ defaultTimezone: 'Europe/Lodnon' }),
      "no time zone of IANA (2026f); write one such as Europe/London, or an offset such as +02:00; did you mean 'Europe/London'?",
    ],
    [written({ defaultTimezone: 'europe/london' }), "did you mean 'Europe/London'?"],
    [written({ defaultTimezone: '+19:00' }), "is '+19:00', which is no time zone of IANA"],
    [
      written({ timezone: 'Europe/London' }),
      "timezone: is 'Europe/London', not true or false; write true or false",
    ],
    [written({}, { column: 'sight' }), "column: is 'sight', which is no column of this contract; write one"],
    [
      written({}, { column: 'n' }),
      'column: is n, a long; write a string column: it holds zones such as Europe/London',
    ],
    [
      written({}, { gap: 'later' }),
      'says nothing of zones: the times are UTC; write column, or logicalTypeOptions: {defaultTimezone: Europe/London} beside it',
    ],
    [written({}, { column: 'site', gap: 'sooner' }), "gap: is 'sooner'; write one of reject, earlier, later"],
    [written({}, { zone: 'Europe/London' }), 'zone: is not a field here; use column, gap, fold'],
    [written({}, { column: 'site' }, 'date'), 'is for timestamp columns; remove it'],
  ])('is told where it is wrong (%#)', (text, problem) => {
    expect(problemsOf(text).join('\n')).toContain(problem);
  });

  test('is shown to readers', () => {
    const note = (...of: Parameters<typeof written>): string | undefined =>
      describeContract(read(...of)).columns.find(({ name }) => name === 'sent_at')?.description;
    expect(note({})).toBe('When it was sent.');
    expect(note({ defaultTimezone: 'Europe/London' })).toBe(
      'When it was sent. In the source it is the local time of Europe/London; here it is UTC.',
    );
    expect(note({ defaultTimezone: 'Europe/London' }, { column: 'site' })).toBe(
      'When it was sent. In the source it is the local time of the zone in site, else Europe/London; here it is UTC.',
    );
  });

  test.each([
    [
      written({}),
      written({ defaultTimezone: 'Europe/London' }),
      'breaking columns.sent_at.timezone: local times were those of UTC, are those of Europe/London',
    ],
    [
      written({ defaultTimezone: 'Europe/London' }),
      written({ defaultTimezone: 'Europe/Paris' }),
      'breaking columns.sent_at.timezone: local times were those of Europe/London, are those of Europe/Paris',
    ],
    [
      written({ defaultTimezone: 'Europe/London' }),
      written({}, { column: 'site' }),
      'breaking columns.sent_at.timezone: local times were those of Europe/London, are those of the zone in site',
    ],
    [
      written({}, { column: 'site' }),
      written({ defaultTimezone: 'Europe/London' }, { column: 'site' }),
      'neutral columns.sent_at.timezone: local times were those of the zone in site, are those of the zone in site, else Europe/London',
    ],
    [
      written({}, { column: 'site' }),
      written({}, { column: 'site', gap: 'later' }),
      'neutral columns.sent_at.timezone.gap: was reject, is later',
    ],
    [
      written({}, { column: 'site', fold: 'later' }),
      written({}, { column: 'site', fold: 'earlier' }),
      'breaking columns.sent_at.timezone.fold: was later, is earlier',
    ],
    [
      written({}),
      written({ timezone: true }),
      'breaking columns.sent_at.timezone: local times were those of UTC, are those of no zone',
    ],
  ])('is compared with that of the version before (%#)', (old, next, change) => {
    const { changes } = compareContracts(parseContract('a', old), parseContract('b', next));
    expect(
      changes
        .filter(({ path }) => path !== 'version')
        .map(({ kind, path, message }) => `${kind} ${path}: ${message}`),
    ).toEqual([change]);
  });

  test('is the new contract’s for files that an older one accepted', () => {
    const next = read({ defaultTimezone: 'Europe/London' });
    expect(readingContract(next, read({})).columns[3]?.timezone).toEqual(next.columns[3]?.timezone);
  });
});
