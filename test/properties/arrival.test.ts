import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { askForBackfill, chooseFiles } from '../../etl/operations/backfill.ts';
import { contractText, PAYMENTS } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import { tryFor } from '../support/try-for.ts';

type Mode = 'replace' | 'keep-first';

const contract = (duplicates: Mode): string =>
  contractText({ ...PAYMENTS, assay: { ...PAYMENTS.assay, duplicates } });

/** A file: amounts by key. Of six such files, drops are drawn, so that many come again. */
type Payments = Readonly<Record<string, number>>;
const payments: fc.Arbitrary<Payments> = fc.dictionary(
  fc.constantFrom('k1', 'k2', 'k3', 'k4'),
  fc.integer({ min: 1, max: 99 }),
  { minKeys: 1 },
);

/** Drops in the order of their arrival: which file, under which name (in no order), and whether a run follows. */
const drops = fc.array(
  fc.record({ file: fc.nat(3), name: fc.constantFrom('a', 'b', 'm', 'z'), isRunNext: fc.boolean() }),
  { minLength: 2, maxLength: 7 },
);

const textOf = (files: readonly Payments[], n: number): string =>
  `id,paid_on,amount,note\n${Object.entries(files[n] ?? {})
    .map(([id, amount]) => `${id},2024-01-31,${amount}.00,file ${n}\n`)
    .join('')}`;

async function amounts(lake: TestLake): Promise<Record<string, number>> {
  return Object.fromEntries((await lake.rows('silver')).map((row) => [String(row.id), Number(row.amount)]));
}

async function sound(lake: TestLake): Promise<void> {
  expect((await auditDataset(lake.lake.effects, { dataset: lake.dataset })).problems).toEqual([]);
  for (const row of await lake.rows('silver')) expect(row.attempt_count).toBe(0);
}

/** What stands where the last arrival of a key counts, and of each file the last arrival. */
function lastOf(files: readonly Payments[], order: readonly { readonly file: number }[]): Payments {
  const live = order.filter(({ file }, n) => !order.slice(n + 1).some((later) => later.file === file));
  return Object.assign({}, ...live.map(({ file }) => files[file]));
}

/** What stands where the first arrival of a key counts. */
function firstOf(files: readonly Payments[], order: readonly { readonly file: number }[]): Payments {
  return Object.assign({}, ...order.map(({ file }) => files[file]).reverse());
}

describe('the order of arrival', () => {
  test.each([
    ['replace', lastOf],
    ['keep-first', firstOf],
  ] as const)(
    'decides with %s, in however many runs and under whatever names files come, and in a backfill',
    async (mode, wanted) => {
      await tryFor(
        { seconds: 60, cases: 4 },
        [fc.array(payments, { minLength: 4, maxLength: 4 }), drops],
        async (files, order) => {
          const lake = await testLake({ contracts: [contract(mode)] });
          try {
            for (const { file, name, isRunNext } of order) {
              await lake.drop({ [`${name}.csv`]: textOf(files, file) });
              if (isRunNext) await lake.run();
            }
            await lake.run();
            expect(await amounts(lake)).toEqual(wanted(files, order));
            await sound(lake);
            const { effects } = lake.lake;
            const choice = { dataset: lake.dataset, from: '2024-01-01', isAgain: true };
            const asked = await askForBackfill(effects, await chooseFiles(effects, choice), {
              by: 'ann',
              reason: 'r',
            });
            expect(await lake.runAs(asked.runId)).toMatchObject({ status: 'promoted' });
            expect(await amounts(lake)).toEqual(wanted(files, order));
            await sound(lake);
          } finally {
            await lake.dispose();
          }
        },
      );
    },
  );
});
