import { expect, test } from '@jest/globals';
import { approveForgetting } from '../../etl/personal/forgetting/approve-forgetting.ts';
import { askForgetting } from '../../etl/personal/forgetting/ask-forgetting.ts';
import type { Effects } from '../../etl/ports.ts';
import { testLake } from '../stages/harness.ts';
import { HEADER, payments } from './shop.ts';

/** What a forgetting reads: the same of a lake with many rows as of one with few, but for records that nobody could parse. */

const WORDS = [
  { by: 'ann', reason: 'letter of 3 May' },
  { by: 'bob', reason: 'checked who wrote it' },
] as const;

/** The shop's payments; no run is stopped by how many fail. */
const contract = payments.replace('"maxQuarantineRate"', '"breakerErrors": 1000000, "maxQuarantineRate"');

/** A file with so many sound records, and so many that can't be parsed, of whom three name customer 42. */
function fileOf(sound: number, broken: number): string {
  const lines = Array.from({ length: sound }, (_, n) => {
    const payer = n % 40 === 0 ? 42 : 1000 + (n % 500);
    return `p${n},${payer},p${payer}@example.org,,,2024-05-01,1.00`;
  });
  const unparsed = Array.from({ length: broken }, (_, n) => `x${n},${n < 3 ? 42 : 5000 + n},short${n}`);
  return `${HEADER}\n${[...lines, ...unparsed].join('\n')}\n`;
}

/** Every call that reads, by what it asks for, with numbers and ids taken out. */
class Reads {
  readonly calls: string[] = [];
  bytes = 0;

  wrap = (effects: Effects): Effects => {
    const { objects, vault } = effects;
    if (vault === undefined) throw new Error('the lake has no vault');
    const noted = (call: string): void => void this.calls.push(call.replace(/[0-9a-f]{8,}|\d+/g, '#'));
    return {
      ...effects,
      objects: Object.assign(Object.create(objects), {
        get: async (key: string) => {
          const found = await objects.get(key);
          noted(`get ${key}`);
          this.bytes += found?.body.length ?? 0;
          return found;
        },
        list: async (prefix: string, after?: string) => {
          noted(`list ${prefix}`);
          return await objects.list(prefix, after);
        },
      }),
      vault: {
        ...vault,
        subjectKeys: async (asked) => {
          noted('subjectKeys');
          return await vault.subjectKeys(asked);
        },
        periodKeys: async (asked, absent) => {
          noted('periodKeys');
          return await vault.periodKeys(asked, absent);
        },
        find: async (subject) => {
          noted('find');
          return await vault.find(subject);
        },
      },
    };
  };
}

async function readsOf(file: string): Promise<{ calls: string[]; bytes: number; records: number }> {
  const reads = new Reads();
  const lake = await testLake({
    ...{ contracts: [contract], vault: true, startAt: '2024-07-01T06:00:00.000Z' },
    wrap: reads.wrap,
  });
  try {
    expect((await lake.dropAndRun({ 'may.csv': file })).status).toBe('promoted');
    const effects = reads.wrap(lake.lake.effects);
    reads.calls.length = 0;
    reads.bytes = 0;
    const { request } = await askForgetting(effects, { kind: 'customer', id: '42' }, WORDS[0]);
    const { keys } = await approveForgetting(effects, request, WORDS[1]);
    return { calls: reads.calls.sort(), bytes: reads.bytes, records: keys.records };
  } finally {
    await lake.dispose();
  }
}

test('forgetting somebody asks lake and vault the same, and reads as much, of few rows as of many', async () => {
  const few = await readsOf(fileOf(50, 4));
  const many = await readsOf(fileOf(20_000, 6_000));
  expect(few.records).toBe(3);
  expect(many.records).toBe(3);
  expect(many.calls).toEqual(few.calls);
  expect(many.bytes).toBeLessThan(few.bytes * 1.5);
});
