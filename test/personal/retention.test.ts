import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { accessPerson } from '../../etl/personal/access/access-person.ts';
import type { Effects } from '../../etl/ports.ts';
import { NIGHTLY } from '../../etl/tending/tend.ts';
import { tendAll } from '../../etl/tending/tend-all.ts';
import type { TestLake } from '../stages/harness.ts';
import { FILE, shopLake } from './shop.ts';

const WORD = { by: 'vera', reason: 'a test' };

let lake: TestLake;
let effects: Effects;
beforeAll(async () => {
  lake = await shopLake();
  ({ effects } = lake.lake);
  await lake.dropAndRun({ 'may.csv': FILE });
});
afterAll(() => lake.dispose());

async function tend() {
  const { contracts } = await loadContracts(effects.contracts);
  const { tended, isVaultRenewed, errors } = await tendAll(effects, contracts.values(), { bounds: NIGHTLY });
  expect(errors).toEqual([]);
  return { ended: tended.find(({ dataset }) => dataset === 'shop.payments')?.endedPeriods, isVaultRenewed };
}

const values = async (id: string): Promise<string> =>
  JSON.stringify((await accessPerson(effects, { kind: 'customer', id }, WORD)).records);

test('before its time nothing goes; a new key comes every thirteen days, and opens what the old one did', async () => {
  expect(await tend()).toEqual({ ended: 0, isVaultRenewed: false });
  lake.setTime('2024-07-13T06:00:00.000Z');
  expect((await tend()).isVaultRenewed).toBe(false);
  lake.setTime('2024-07-14T06:01:00.000Z');
  expect((await tend()).isVaultRenewed).toBe(true);
  expect((await tend()).isVaultRenewed).toBe(false);
  expect(await values('42')).toContain('ann-planted@example.org');
});

test('a month past its retention becomes unreadable by itself, that month only, and no row is another', async () => {
  const before = { silver: await lake.rows('silver'), quarantine: await lake.rows('quarantine') };
  // Six years from the end of May 2024: the last second of May 2030 is the last in which it can be read.
  lake.setTime('2030-05-31T23:59:59.000Z');
  expect((await tend()).ended).toBe(0);
  lake.setTime('2030-06-01T00:00:00.000Z');
  expect((await tend()).ended).toBeGreaterThan(0);
  expect((await tend()).ended).toBe(0);
  expect(await values('42')).not.toContain('ann-planted@example.org');
  expect(await values('43')).toContain('ben-planted@example.org');
  expect({ silver: await lake.rows('silver'), quarantine: await lake.rows('quarantine') }).toEqual(before);
});

test('what was destroyed is told by what people decided, and which months of which groups they were', async () => {
  const listed = await effects.objects.list('ops/decisions/assay/privacy/');
  const texts = await Promise.all(
    listed.map(async ({ key }) => (await effects.objects.get(key))?.body ?? []),
  );
  const decisions = texts.map((text): unknown => JSON.parse(Buffer.from(text).toString()));
  expect(decisions).toContainEqual(
    expect.objectContaining({
      ...{ kind: 'keys-destroyed', by: 'assay', reason: 'past the retention of shop.payments' },
      details: {
        dataset: 'shop.payments',
        periods: expect.arrayContaining([{ group: 'contact', period: '202405' }]),
      },
    }),
  );
});
