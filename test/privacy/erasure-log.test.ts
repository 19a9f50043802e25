import { describe, expect, test } from '@jest/globals';
import { lakeFolder } from '../../adapters/local/lake-folder.ts';
import { fileObjectStore } from '../../adapters/local/object-store.ts';
import { type Erasure, momentId, newErasureId } from '../../etl/privacy/erasure.ts';
import { foldErasures, lakeErasureLog } from '../../etl/privacy/erasure-log.ts';
import { tempFolder } from '../adapters/temp-folder.ts';

test('the log of erasures in a lake has what others added meanwhile, and nothing is written over', async () => {
  const { folder, dispose } = await tempFolder();
  const objects = fileObjectStore(lakeFolder(folder));
  const erasure = (id: string, period: string): Erasure => ({
    ...{ format: 1, id, at: '2026-11-29T10:00:00.000Z', by: 'Vera', reason: 'retention' },
    of: { kind: 'period', dataset: 'shop.orders', group: 'contact', period },
  });
  const [mine, others] = [lakeErasureLog(objects), lakeErasureLog(objects)];
  expect(await mine.all()).toEqual([]);
  await mine.add(erasure('a', '202601'));
  await others.add(erasure('b', '202602'));
  expect(await mine.all()).toEqual([erasure('a', '202601'), erasure('b', '202602')]);
  expect(await lakeErasureLog(objects).all()).toEqual(await others.all());
  await expect(others.add(erasure('a', '202603'))).rejects.toMatchObject({ name: 'ConflictError' });
  expect((await objects.get('ops/erasures/a.json'))?.body.toString()).toContain('"202601"');
  await objects.put('ops/erasures/c.json', Buffer.from('{}'));
  await expect(mine.all()).rejects.toMatchObject({
    name: expect.stringMatching(/Error$/),
    message: expect.stringContaining('ops/erasures/c.json'),
  });
  await dispose();
});

describe('the folded log of erasures', () => {
  test('has what its documents have, and what came since; a vault reads it and not each of them', async () => {
    const { folder, dispose } = await tempFolder();
    const objects = fileObjectStore(lakeFolder(folder));
    const clock = { now: () => new Date('2026-11-29T10:00:00.000Z') };
    const erasureAt = (day: number): Erasure => {
      const at = new Date(Date.UTC(2026, 10, day, 8));
      return {
        ...{ format: 1, id: newErasureId(at), at: at.toISOString(), by: 'Vera', reason: 'retention' },
        of: { kind: 'period', dataset: 'shop.orders', group: 'contact', period: '202601' },
      };
    };
    const log = lakeErasureLog(objects);
    const days = [3, 1, 2, 5, 29, 28].map(erasureAt);
    for (const one of days) await log.add(one);
    expect(await foldErasures({ objects, clock }, 3)).toBe(4);
    expect(await foldErasures({ objects, clock }, 3)).toBe(4);
    const gets: string[] = [];
    const get: typeof objects.get = async (key) => {
      gets.push(key);
      return await objects.get(key);
    };
    const counted = { ...objects, get };
    const fresh = lakeErasureLog(counted);
    const inOrder = [...days].sort((a, b) => (a.at < b.at ? -1 : 1));
    expect(await fresh.all()).toEqual(inOrder);
    expect(gets).toHaveLength(3);
    // What another process adds, though its clock is some hours slow, is seen at once.
    const late = { ...erasureAt(28), id: `${momentId(new Date('2026-11-28T12:00:00.000Z'))}-late` };
    await lakeErasureLog(objects).add(late);
    expect((await fresh.all()).map(({ id }) => id)).toContain(late.id);
    expect(gets).toHaveLength(4);
    await dispose();
  });
});
