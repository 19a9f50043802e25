import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { auditDataset } from '../../etl/audit/audit-dataset.ts';
import { askForBackfill, chooseFiles } from '../../etl/operations/backfill.ts';
import { askForMigration } from '../../etl/operations/migrate.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { saleEvent, saleFile, salesEvents } from '../eventstore/sales.ts';
import { contractText, NO_LIMITS, PAYMENTS } from '../stages/contract-text.ts';
import { type Ran, testLake } from '../stages/harness.ts';
import type { Row } from '../stages/read-rows.ts';
import { copyingData } from '../support/copying-data.ts';
import { tryFor } from '../support/try-for.ts';
import { withoutRun } from './same-rows.ts';

/** A payment with one of few keys, dates and amounts, so that many share a key and some are the same; or a bad one. */
interface Payment {
  readonly id: number;
  readonly day: string;
  readonly amount: string;
}
const payment: fc.Arbitrary<Payment> = fc.record({
  id: fc.integer({ min: 1, max: 9 }),
  day: fc.constantFrom('2024-01-31', '2024-02-29', '2024-02-28', 'soon'),
  amount: fc.constantFrom('1.00', '2.50', '3'),
});

/** Runs, each of some files. */
const runs = fc.array(
  fc.array(fc.array(payment, { minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 4 }),
  { minLength: 2, maxLength: 3 },
);

interface Way {
  readonly contract: string;
  readonly text: (file: readonly Payment[]) => string;
  /** What makes two rows of Silver one; undefined where it isn't asked. */
  readonly keyOf?: ((payment: Payment) => string) | undefined;
  /** The contract that all is migrated to in the end, where it is. */
  readonly migrated?: string;
}

const paymentsWay = (
  assay: Record<string, unknown>,
  keys: readonly string[] = ['id'],
  { columns = PAYMENTS.columns, ...more }: Partial<typeof PAYMENTS> & { readonly version?: string } = {},
): Way => ({
  contract: contractText({
    ...PAYMENTS,
    ...more,
    columns: columns.map((column) => ({ ...column, key: keys.includes(column.name) })),
    assay: { ...PAYMENTS.assay, ...assay, limits: NO_LIMITS },
  }),
  text: (file) =>
    `id,paid_on,amount,note\n${file.map(({ id, day, amount }) => `${id},${day},${amount},\n`).join('')}`,
  keyOf: ({ id, day }) => (keys.includes('paid_on') ? `${id} ${day}` : `${id}`),
});

const events: Way = {
  contract: salesEvents(),
  text: (file) =>
    saleFile(
      file.map(({ id, day, amount }) => saleEvent(`s${id % 3}`, 1 + (id % 4), `${id}${day.length}`, amount)),
    ),
};

const replacing = { duplicates: 'replace', redelivery: 'expected' };

const WAYS: Readonly<Record<string, Way>> = {
  'records that are condemned': paymentsWay({ duplicates: 'condemn' }),
  'records of which the first stays, by month': paymentsWay({ duplicates: 'keep-first' }, ['id', 'paid_on']),
  'records of which the last stays': paymentsWay({ duplicates: 'replace' }),
  'records that are delivered again': paymentsWay({ duplicates: 'condemn', redelivery: 'expected' }),
  'records that are delivered again, of which the last stays, and then a migration': {
    ...paymentsWay(replacing, ['id', 'paid_on']),
    migrated: paymentsWay(replacing, ['id', 'paid_on'], {
      version: '2.0.0',
      columns: PAYMENTS.columns.map((column) =>
        column.name === 'amount' ? { ...column, physicalType: 'DECIMAL(18,3)' } : column,
      ),
    }).contract,
  },
  'records without a key, known by all of their values': {
    ...paymentsWay({ key: 'record' }, []),
    keyOf: undefined,
  },
  events,
};

/** How the work is cut: into chunks of a size, and Silver is written anew by seal or by workers. */
interface Cut {
  readonly chunkBytes: number;
  readonly rewriteFromBytes?: number;
}

/** What runs and a backfill of all of them come to. */
async function publish(way: Way, story: readonly (readonly (readonly Payment[])[])[], cut?: Cut) {
  const { folder, dispose } = await tempFolder();
  const lake = await testLake({
    contracts: [way.contract],
    ...(cut === undefined ? {} : { ...cut, wrap: (effects) => copyingData(effects, folder).effects }),
  });
  try {
    const told: unknown[] = [];
    const tell = async ({ status, seal, record }: Ran): Promise<Row[]> => {
      const rows = await lake.rows('silver');
      told.push({ status, why: record?.why, digest: seal?.digest, silver: withoutRun(rows) });
      return rows;
    };
    const seen: Payment[] = [];
    for (const [n, files] of story.entries()) {
      const rows = await tell(
        await lake.dropAndRun(Object.fromEntries(files.map((file, i) => [`r${n}-${i}.csv`, way.text(file)]))),
      );
      seen.push(...files.flat().filter(({ day }) => day !== 'soon'));
      if (way.keyOf !== undefined) expect(rows.length).toBe(new Set(seen.map(way.keyOf)).size);
    }
    const { effects } = lake.lake;
    const chosen = await chooseFiles(effects, { dataset: lake.dataset, from: '2024-01-01', isAgain: true });
    const { runId } = await askForBackfill(effects, chosen, { by: 'ann', reason: 'r' });
    await tell(await lake.runAs(runId));
    if (way.migrated !== undefined) {
      await lake.setContract(way.migrated);
      const word = { by: 'ann', reason: 'three decimals', acceptLosses: false };
      const migrated = await lake.runAs((await askForMigration(effects, lake.dataset, word)).runId);
      expect(migrated.status).toBe('promoted');
      await tell(migrated);
    }
    expect((await auditDataset(effects, { dataset: lake.dataset })).problems).toEqual([]);
    return told;
  } finally {
    await lake.dispose();
    await dispose();
  }
}

test.each(Object.keys(WAYS))(
  'however many chunks a run is cut into, and where its data lies, the same is sealed and published: %s',
  async (name) => {
    const way = WAYS[name] ?? events;
    await tryFor({ seconds: 60, cases: 1 }, [runs, fc.constantFrom(40, 150)], async (story, chunkBytes) => {
      const whole = await publish(way, story);
      expect(await publish(way, story, { chunkBytes })).toEqual(whole);
      expect(await publish(way, story, { chunkBytes, rewriteFromBytes: 0 })).toEqual(whole);
    });
  },
);
