import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { eventLines } from '../../etl/eventstore/event-lines.ts';
import { openService } from '../service/open-service.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import { saleEvent, saleFile, salesEvents } from './sales.ts';

let lake: TestLake;
afterEach(() => lake.dispose());
const events = (sale: string, ...versions: readonly number[]) =>
  versions.map((nr) => saleEvent(sale, nr, `${sale}-${nr}`));

test('streams of a run in which events are missing are told, until those come; they are no verdict', async () => {
  lake = await testLake({ contracts: [salesEvents()] });
  const first = await lake.dropAndRun({
    'a.csv': saleFile([...events('s1', 1, 2, 5, 7), ...events('s2', 0, 1, 2), ...events('s3', 3)]),
  });
  expect(first.seal?.counts).toMatchObject({ records: 8, silver: 8 });
  const gaps = {
    streams: 2,
    missing: 5,
    examples: [
      { stream: 's1', missing: 3, firstMissing: '3' },
      { stream: 's3', missing: 2, firstMissing: '1' },
    ],
  };
  expect(first.record?.events).toEqual({ gaps });
  expect(eventLines(first.record?.events)).toEqual([
    '5 missing in 2 streams: s1 (3, from version 3), s3 (2, from version 1)',
  ]);
  const service = await openService(path.dirname(lake.lake.root));
  try {
    const page = await (await service.ask(`/runs/${first.record?.runId}`)).text();
    expect(page).toContain('Events: 5 missing in 2 streams: s1 (3, from version 3)');
  } finally {
    await service.close();
  }
  const second = await lake.dropAndRun({ 'b.csv': saleFile([...events('s1', 3, 4), ...events('s2', 3)]) });
  expect(second.record?.events).toEqual({
    gaps: { streams: 1, missing: 1, examples: [{ stream: 's1', missing: 1, firstMissing: '6' }] },
  });
  const last = await lake.dropAndRun({ 'c.csv': saleFile(events('s1', 6)) });
  expect(last.record?.events).toBeUndefined();
});

test('versions with holes by nature have no gaps, and a stream that may not be shown is not named', async () => {
  const said = { stream: 'sale', type: 'what', at: 'at', id: 'event' };
  const version = { column: 'nr', contiguous: false };
  lake = await testLake({ contracts: [salesEvents({ events: { ...said, version } })] });
  expect((await lake.dropAndRun({ 'a.csv': saleFile(events('s1', 1, 9)) })).record?.events).toBeUndefined();
  await lake.dispose();
  const hidden = salesEvents().replace(
    /("name": "sale",[^}]*?"classification": )"internal"/,
    '$1"confidential"',
  );
  lake = await testLake({ contracts: [hidden] });
  const { record } = await lake.dropAndRun({ 'a.csv': saleFile(events('s1', 1, 9)) });
  expect(record?.events).toEqual({ gaps: { streams: 1, missing: 7, examples: [] } });
});
