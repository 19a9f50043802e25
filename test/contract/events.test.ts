import { expect, test } from '@jest/globals';
import { compareContracts } from '../../etl/contract/compare-contracts.ts';
import { parseContract } from '../../etl/contract/parse-contract.ts';
import { contractText } from '../stages/contract-text.ts';
import { problemsOf } from './fixture.ts';

const EVENTS = { stream: 'sale', type: 'what', at: 'at', version: 'nr', id: 'event' };

interface Said {
  readonly events?: unknown;
  readonly assay?: Readonly<Record<string, unknown>>;
  readonly change?: (column: string) => Readonly<Record<string, unknown>>;
}

/** A contract of events with columns changed, and with more `assay.*` properties. */
const text = ({ events = EVENTS, assay = {}, change = () => ({}) }: Said = {}): string => {
  const columns = [
    { name: 'event', required: true, ...change('event') },
    { name: 'sale', required: true, ...change('sale') },
    { name: 'nr', type: 'integer', required: true, ...change('nr') },
    { name: 'what', required: true, ...change('what') },
    { name: 'at', type: 'timestamp', required: true, ...change('at') },
  ];
  return contractText({ columns, assay: { ...assay, events } });
};
const read = (said?: Said) => parseContract('c.yaml', text(said));
const problems = (said: Said): string => problemsOf(text(said)).join('\n');

test('events have the key stream and version, are partitioned by their time, and know repeats', () => {
  expect(read()).toMatchObject({
    key: ['sale', 'nr'],
    partitionColumn: 'at',
    duplicates: 'condemn',
    events: { ...EVENTS, contiguous: true },
  });
  const keyed = read({ change: (name) => (name === 'nr' || name === 'sale' ? { key: true } : {}) });
  expect(keyed.key).toEqual(['sale', 'nr']);
  expect(read({ events: { ...EVENTS, version: { column: 'nr', contiguous: false } } })).toMatchObject({
    events: { version: 'nr', contiguous: false },
  });
});

test('each of the five columns must be named, be there, never be empty and have a type that fits', () => {
  const { id: _, ...without } = EVENTS;
  expect(problems({ events: without })).toContain("is missing; write the column that is the event's own id");
  expect(problems({ events: { ...EVENTS, stream: 'sales' } })).toContain(
    "is 'sales', which is no column of this contract; write one; did you mean 'sale'?",
  );
  expect(problems({ events: { ...EVENTS, stream: 'nr' } })).toContain('is nr, which is stream, too');
  expect(problems({ events: { ...EVENTS, id: 'nr' } })).toBe('');
  expect(problems({ events: { ...EVENTS, version: 'what' } })).toContain(
    'is what, a string; write an integer column',
  );
  expect(problems({ events: { ...EVENTS, version: { contiguous: false } } })).toContain('is missing; write');
  expect(problems({ events: { ...EVENTS, version: { column: 'nr', holes: true } } })).toContain(
    'is not a field here',
  );
  expect(problems({ events: { ...EVENTS, at: 'nr' } })).toContain('is nr, a long; write a timestamp or date');
  expect(problems({ events: 'sale' })).toContain("is 'sale', not a map");
  for (const part of ['event', 'sale', 'nr', 'what', 'at'])
    expect(problems({ change: (name) => (name === part ? { required: false } : {}) })).toContain(
      `is ${part}, which may be empty; write required: true`,
    );
});

test('what events decide, no other setting says', () => {
  const of = (assay: Readonly<Record<string, unknown>>) => problems({ assay });
  expect(of({ duplicates: 'replace' })).toContain(
    'the one with the smaller id stays; remove assay.duplicates',
  );
  expect(of({ redelivery: 'expected' })).toContain('remove assay.redelivery');
  expect(of({ key: 'record' })).toContain('remove assay.key');
  expect(of({ partitionColumn: 'nr' })).toContain('is nr, but events are kept by the month of at; remove it');
  expect(problems({ change: (name) => (name === 'event' ? { key: true } : {}) })).toContain(
    'have the key event, but that of events is sale, nr',
  );
});

test('other columns of events are a breaking change; that versions have holes is not', () => {
  const holes = read({ events: { ...EVENTS, version: { column: 'nr', contiguous: false } } });
  expect(compareContracts(read(), holes).compatible).toBe(true);
  const other = { ...EVENTS, id: 'what' };
  expect(compareContracts(read(), read({ events: other })).changes).toContainEqual({
    kind: 'breaking',
    path: 'events',
    message:
      'was stream sale, type what, at at, version nr, id event, is stream sale, type what, at at, version nr, id what',
  });
});
