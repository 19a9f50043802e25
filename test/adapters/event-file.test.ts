import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { eventFile } from '../../adapters/local/stream/event-file.ts';
import type { EventBatch } from '../../stream/ports.ts';
import { tempFolder } from './temp-folder.ts';

let [folder, dispose]: [string, () => Promise<void>] = ['', async () => undefined];
beforeEach(async () => {
  ({ folder, dispose } = await tempFolder());
});
afterEach(() => dispose());

const line = (partition: number, offset: number, value: string): string =>
  `${JSON.stringify({ cluster: 'c', topicId: 'T1', topic: 't', partition, offset, timestamp: '2026-01-13T12:01:01.950Z', key: null, headers: {}, value: { is: value } })}\n`;

/** Batches of a file with these lines, and the error that ends it. */
async function read(lines: readonly string[]): Promise<{ batches: EventBatch[]; error: unknown }> {
  const file = path.join(folder, 'events.jsonl');
  await writeFile(file, lines.join(''));
  const source = eventFile({
    ...{ file, fileId: 'f1', cluster: 'c', topic: 't', partition: 0, arrivedMs: 0 },
    maxEvents: 1000,
  });
  const batches: EventBatch[] = [];
  try {
    for await (const batch of source.batches(async () => undefined)) batches.push(batch);
    return { batches, error: undefined };
  } catch (error) {
    return { batches, error };
  }
}

const sizes = (batches: readonly EventBatch[]): string[] =>
  batches.map(
    ({ partition, startOffset, endOffset, events }) =>
      `${partition.partition}: ${startOffset} to ${endOffset}, ${events.length}`,
  );

test('partitions that take turns have batches of their own, as one alone has', async () => {
  const lines = Array.from({ length: 3600 }, (_, n) => line(n % 3, n, 'small'));
  const { batches, error } = await read(lines);
  expect(error).toBeUndefined();
  expect(sizes(batches)).toEqual([
    ...['0: 0 to 2998, 1000', '1: 1 to 2999, 1000', '2: 2 to 3000, 1000'],
    ...['0: 2998 to 3598, 200', '1: 2999 to 3599, 200', '2: 3000 to 3600, 200'],
  ]);
  for (const { events } of batches) {
    const offsets = events.map(({ offset }) => offset);
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
  }
});

test('what waits is bounded, in bytes and in events', async () => {
  const large = 'x'.repeat(1_000_000);
  const { batches } = await read(Array.from({ length: 40 }, (_, n) => line(n, 0, large)));
  expect(batches).toHaveLength(40);
  // The largest is given out as soon as sixteen megabytes wait: never more than that are left for the end.
  expect(batches.findIndex(({ partition }) => partition.partition === 39)).toBeGreaterThan(20);
  const small = await read(Array.from({ length: 25_000 }, (_, n) => line(n % 5_000, n, 's')));
  expect(small.batches.reduce((sum, { events }) => sum + events.length, 0)).toBe(25_000);
  expect(small.batches.length).toBeGreaterThan(5_000);
});

test('all that stands before a line that is none is given out first, of every partition', async () => {
  const { batches, error } = await read([line(0, 5, 'a'), line(1, 7, 'b'), line(0, 6, 'c'), '{"partition":']);
  expect(sizes(batches)).toEqual(['0: 5 to 7, 2', '1: 7 to 8, 1']);
  expect(error).toMatchObject({ code: 'EVENT_LINE', context: { line: 4 } });
});
