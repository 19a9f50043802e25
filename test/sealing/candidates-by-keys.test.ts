import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { type Engine, textOf, withEngine } from '../../etl/engine/engine.ts';
import { chunkKey } from '../../etl/naming/runs.ts';
import type { CandidateSearch } from '../../etl/sealing/candidates.ts';
import { candidatesByKeys } from '../../etl/sealing/candidates-by-keys.ts';
import { chunkKeys } from '../../etl/sealing/chunk-keys.ts';
import { HeldFiles } from '../../etl/sealing/held-files.ts';
import { openDatasetTables } from '../../etl/stages/dataset-tables.ts';
import { ChunkResult } from '../../etl/stages/documents.ts';
import { bindStages } from '../../etl/stages/handlers.ts';
import { loadRun } from '../../etl/stages/run-context.ts';
import { getDocument } from '../../etl/stages/stored-documents.ts';
import { contractText, NO_LIMITS, PAYMENTS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';

/** 200 keys in the base; 300 records of the run in three chunks, of which some have keys of the base, and some of one another. */
const HEADER = 'id,paid_on,amount,note\n';
const line = (id: number): string => `k${id},2024-0${1 + (id % 3)}-05,1.00,\n`;
const BASE = Array.from({ length: 200 }, (_, n) => n);
const PARTS = [0, 1, 2].map((part) => Array.from({ length: 100 }, (_, n) => 150 + part * 90 + n));
const RUN = { dataset: 'test.records', runId: 'run-2' };

const all = PARTS.flat();
const inBase = new Set(BASE);
const fresh = all.filter((id) => inBase.has(id) || all.filter((other) => other === id).length > 1).sort();
const standing = BASE.filter((id) => all.includes(id)).sort();

let lake: TestLake;
beforeEach(async () => {
  const texts = PARTS.map((ids) => HEADER + ids.map(line).join(''));
  lake = await testLake({
    contracts: [contractText({ ...PAYMENTS, assay: { ...PAYMENTS.assay, limits: NO_LIMITS } })],
    chunkBytes: Math.max(...texts.map((text) => text.length)),
  });
  await lake.dropAndRun({ 'base.csv': HEADER + BASE.map(line).join('') });
  await lake.drop(Object.fromEntries(texts.map((text, n) => [`${n}.csv`, text])));
  const stages = bindStages(lake.lake.effects);
  await stages.plan(RUN);
  for (const chunk of ['0001', '0002', '0003']) await stages.refine({ ...RUN, chunk, part: '' });
});
afterEach(() => lake.dispose());

/** What is found in each group: the ids of the run's rows and of the base's, with what tells the run's own apart. */
async function found(
  limits: { passRecords: number; groupRecords: number },
  {
    isWithKeys = true,
    onSql = () => undefined,
  }: { isWithKeys?: boolean; onSql?: (sql: string) => void } = {},
) {
  const { effects } = lake.lake;
  const { plan, contract, base } = await loadRun(effects, RUN);
  expect(plan.chunks).toHaveLength(3);
  const read: ChunkResult[] = [];
  for (const { chunk } of plan.chunks)
    read.push(await getDocument(effects.objects, chunkKey(RUN.dataset, RUN.runId, chunk), ChunkResult));
  const tables = openDatasetTables(effects, contract, base);
  const scratch = await effects.openScratch('candidates');
  try {
    return await withEngine(effects.engine, path.join(scratch.directory, 'spill'), async (opened) => {
      const engine: Engine = {
        ...opened,
        run: (sql) => {
          onSql(sql);
          return opened.run(sql);
        },
        rows: (sql) => {
          onSql(sql);
          return opened.rows(sql);
        },
      };
      const search: CandidateSearch = {
        ...{ engine, data: effects.data, scratch, contract, standing: 'true', isOneChunk: false },
        held: new HeldFiles(effects.data, 1),
        table: await tables.table('silver'),
        files: read.flatMap(({ dataFiles, suspectFiles }) => [...dataFiles, ...suspectFiles]),
        suspectFiles: read.flatMap(({ suspectFiles }) => suspectFiles),
        keys: isWithKeys ? await chunkKeys(engine, { plan, read, chunks: read }) : [],
        baseFiles: await tables.files('silver'),
      };
      const groups: { fresh: number[]; standing: number[]; twice: number[] }[] = [];
      const ids = async (from: string): Promise<number[]> =>
        (await engine.rows(`SELECT id FROM ${from}`)).map((row) => Number(textOf(row, 'id').slice(1)));
      for await (const { fresh, standing, among } of candidatesByKeys(search, limits))
        groups.push({
          fresh: await ids(fresh),
          standing: standing === undefined ? [] : await ids(standing),
          twice: among === undefined ? [] : await ids(`${fresh} AS records WHERE ${among}`),
        });
      return groups;
    });
  } finally {
    await scratch.dispose();
  }
}

describe('rows whose keys stand twice are found, and no others', () => {
  test.each([
    ['at once', { passRecords: 1000, groupRecords: 1000 }, true, 1],
    ['in passes and groups of a few', { passRecords: 40, groupRecords: 30 }, true, 5],
    ['without keys that refine left', { passRecords: 40, groupRecords: 1000 }, false, 1],
  ])('%s', async (_, limits, isWithKeys, count) => {
    const groups = await found(limits, { isWithKeys });
    expect(groups).toHaveLength(count);
    expect(groups.flatMap((group) => group.fresh).sort()).toEqual(fresh);
    expect(groups.flatMap((group) => group.standing).sort()).toEqual(standing);
    const twice = all.filter((id) => all.filter((other) => other === id).length > 1).sort();
    expect(groups.flatMap((group) => group.twice).sort()).toEqual(twice);
    // Whatever has one key is in one group.
    for (const [n, group] of groups.entries())
      for (const other of groups.slice(n + 1))
        expect(group.fresh.filter((id) => other.fresh.includes(id) || other.standing.includes(id))).toEqual(
          [],
        );
  });
});

test('the base is read as often for many passes as for one', async () => {
  const readings = async (passRecords: number): Promise<number> => {
    let count = 0;
    const onSql = (sql: string): void => {
      if (sql.includes("filename = 'filename$'")) count++;
    };
    await found({ passRecords, groupRecords: 1000 }, { onSql });
    return count;
  };
  const once = await readings(1000);
  expect(once).toBeGreaterThan(0);
  await expect(readings(20)).resolves.toBe(once);
});

test('what refine leaves of the keys is sorted by their hashes, each with the file that has it', async () => {
  const { effects } = lake.lake;
  for (const [n, chunk] of ['0001', '0002', '0003'].entries()) {
    const { keys, dataFiles, suspectFiles } = await getDocument(
      effects.objects,
      chunkKey(RUN.dataset, RUN.runId, chunk),
      ChunkResult,
    );
    const file = await asyncBufferFromFile(await effects.data.localPath(keys?.key ?? ''));
    const rows = await parquetReadObjects({ file });
    const hashes = rows.map((row) => BigInt(row.h$));
    expect(hashes).toEqual([...hashes].sort((a, b) => (a < b ? -1 : 1)));
    const counts = [...dataFiles, ...suspectFiles].map(
      (_, place) => rows.filter((row) => row.file$ === place).length,
    );
    expect(counts).toEqual([...dataFiles, ...suspectFiles].map(({ recordCount }) => recordCount));
    expect(rows).toHaveLength(PARTS[n]?.length ?? 0);
  }
});

test('a run whose chunks were refined by another release of DuckDB is planned again', async () => {
  const { objects } = lake.lake.effects;
  const key = chunkKey(RUN.dataset, RUN.runId, '0002');
  const document = JSON.parse(Buffer.from((await objects.get(key))?.body ?? []).toString());
  expect(document.keys.hashMark).toMatch(/^\d+$/);
  document.keys.hashMark = '1';
  await objects.put(key, Buffer.from(JSON.stringify(document)));
  await expect(bindStages(lake.lake.effects).seal(RUN)).rejects.toMatchObject({
    name: 'ConflictError',
    code: 'FORMAT_CHANGED',
  });
});
