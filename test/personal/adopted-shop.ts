import { gzipSync } from 'node:zlib';
import { bronzeKeeper } from '../../adapters/local/bronze-keeper.ts';
import { runOnce } from '../../adapters/local/run-dataset.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { refuseRun } from '../../etl/operations/decide-run.ts';
import { rollBack } from '../../etl/operations/roll-back.ts';
import { type Adopted, type AdoptRequest, adopt } from '../../etl/personal/adopting/adopt.ts';
import { condemnRecords } from '../../etl/quarantine/condemn.ts';
import { keepCorrections } from '../../etl/quarantine/corrections.ts';
import { readRecords } from '../../etl/quarantine/read-records.ts';
import { approveRelease, askRelease } from '../../etl/quarantine/releases.ts';
import { retryRecords } from '../../etl/quarantine/retry-records.ts';
import { readKnownPointer } from '../../etl/stages/known-pointer.ts';
import { contractText } from '../stages/contract-text.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import { storedZip } from '../support/stored-zip.ts';

export const WORD = { by: 'grace', reason: 'a test' };

/** The contract of payments: before anything was protected, and since. */
export function paymentsContract(as: 'clear' | 'protected', version: string): string {
  const protect = (group: string, how = 'encrypted', classification = 'personal') =>
    as === 'clear'
      ? { classification }
      : { classification: 'personal', assay: { protect: { as: how, group } } };
  const text = contractText({
    dataset: 'shop.payments',
    partitionColumn: 'day',
    version,
    columns: [
      { name: 'id', key: true },
      { name: 'customer', required: true, ...protect('who', 'pseudonym') },
      { name: 'mail', more: { logicalTypeOptions: { pattern: '[^@]+@[^@]+' } }, ...protect('contact') },
      {
        name: 'code',
        more: { logicalTypeOptions: { maxLength: 40 } },
        ...protect('contact', 'encrypted', 'internal'),
      },
      {
        name: 'secret',
        ...(as === 'clear' ? {} : { classification: 'personal', assay: { protect: { as: 'dropped' } } }),
      },
      { name: 'day', type: 'date', required: true },
      { name: 'amount', type: 'number', physicalType: 'decimal(12,2)' },
    ],
    assay: {
      ...(as === 'clear' ? {} : { subject: { column: 'customer', kind: 'customer' } }),
      unknownColumns: 'rescue',
      measures: [{ column: 'amount' }],
      limits: {
        ...{
          maxQuarantineRate: 0.6,
          smallBatchRecords: 1,
          maxAttempts: 2,
          maxCondemned: 9,
          maxRecordBytes: 2000,
        },
      },
    },
  });
  return as === 'clear'
    ? text
    : `${text}slaProperties:\n  - {property: retention, value: 6, unit: y, element: payments.day}\n`;
}

/** The contract and the SQL of the report on them. */
export const TOTALS = contractText({
  dataset: 'shop.totals',
  partitionColumn: 'as_of_month',
  columns: [
    { name: 'as_of_month', type: 'date', key: true },
    { name: 'payments', type: 'integer', required: true },
    { name: 'amount', type: 'number', physicalType: 'decimal(38,2)', required: true },
  ],
  assay: { layer: 'gold', sql: 'shop/totals.sql', inputs: ['shop.payments'], affects: 'same-month' },
});

export const TOTALS_SQL = `SELECT CAST(date_trunc('month', day) AS DATE) AS as_of_month, CAST(count(*) AS BIGINT) AS payments, CAST(sum(amount) AS DECIMAL(38,2)) AS amount
FROM silver.shop_payments WHERE day >= {{from_month}} AND day < {{to_month}} + INTERVAL '1' MONTH GROUP BY 1`;

/** A lake of the shop's payments and a report on them. */
export const paymentsLake = (as: 'clear' | 'protected', version = '1.0.0'): Promise<TestLake> =>
  testLake({
    contracts: [paymentsContract(as, version), TOTALS],
    sql: { 'shop/totals.sql': TOTALS_SQL },
    vault: true,
  });

/** Values that stand nowhere else, the same ones for each teller. */
export class Planting {
  readonly values: string[] = [];

  plant(end = ''): string {
    const value = `Pl4ntedV${String(this.values.length).padStart(4, '0')}ö${end}`;
    this.values.push(value);
    return value;
  }

  line(
    id: string,
    {
      mail = this.plant('@example.org'),
      code = this.plant(),
      day = '2024-05-01',
      customer = this.plant(),
      more = '',
    } = {},
  ): string {
    return `${id},${customer},${mail},${code},${this.plant()},${day},1.00,${this.plant()}${more}`;
  }

  file(...lines: string[]): string {
    return `id,customer,mail,code,secret,day,amount,nickname\n${lines.join('\n')}\n`;
  }
}

/** All that may befall records: they pass, fail, break, come again, packed, corrected, retried, condemned, refused, taken back. */
export async function tellStory(lake: TestLake): Promise<Planting> {
  const planting = new Planting();
  const line = planting.line.bind(planting);
  const plant = planting.plant.bind(planting);
  const file = planting.file.bind(planting);
  const { effects } = lake.lake;
  const { dataset } = lake;
  const contract = requireSourceContract(await loadContracts(effects.contracts), dataset);
  const records = async (states: 'open' | 'condemned') =>
    (await readRecords(effects, dataset, { filter: { ids: [] }, states: [states] })).records;
  const good = line('good');
  const first = file(
    ...[good, line('more'), line('also'), line('last'), line('fine'), line('kept'), line('okay')],
    ...[line('mail', { mail: plant() }), line('long', { code: plant('x'.repeat(60)) })],
    ...[line('date', { day: 'yesterday' }), line('short').split(',').slice(0, 4).join(',')],
    ...[line('many', { more: `,${plant()}` }), line('over', { code: plant('y'.repeat(3000)) })],
    ...[line('good'), line('nobody', { customer: ' ' })],
  );
  await lake.dropAndRun({ 'first.csv': first });
  const before = (await readKnownPointer(effects.objects, 'silver', dataset))?.pointer.snapshot_id ?? 0;
  await lake.drop({
    'zipped.csv.gz': gzipSync(file(line('gz1'), line('gz2'), line('gz3', { mail: plant() }))),
  });
  await lake.drop({
    'both.zip': storedZip({ 'a.csv': file(line('za'), line('zb')), 'b.csv': file(line('zc')) }),
    'empty.csv': '',
  });
  await lake.run();
  const failed = (await records('open')).find(({ record }) => record?.id === 'mail');
  if (failed === undefined) throw new Error('no failed record');
  const values = { mail: plant('@example.org'), customer: plant() };
  await keepCorrections(effects, contract, [{ record: failed, values }], WORD);
  const open = await records('open');
  await retryRecords(
    effects,
    contract,
    open.filter(({ record }) => record?.id !== 'date'),
    WORD,
  );
  await lake.run();
  const condemned = (await records('condemned')).filter(({ record }) => record?.id === 'long');
  const request = await askRelease(effects, dataset, condemned, WORD);
  await approveRelease(effects, dataset, request, { by: 'ada', reason: 'a test' });
  await condemnRecords(effects, contract, { ids: [], column: 'day' }, WORD);
  await lake.drop({
    'held.csv': file(line('h1', { mail: plant() }), line('h2', { mail: plant() }), line('h3')),
  });
  const held = await lake.run();
  await refuseRun(effects, { dataset, runId: held.record?.runId ?? '' }, WORD);
  const taken = (await readKnownPointer(effects.objects, 'silver', dataset))?.pointer.snapshot_id ?? before;
  await lake.dropAndRun({ 'again.csv': file(line('new1'), line('new2'), good) });
  await rollBack(effects, { dataset, to: taken }, WORD);
  await lake.dropAndRun({ 'after.csv': file(line('after', { day: '2024-04-02' })) });
  return planting;
}

/** Adopts the payments of a lake. */
export function adoptPayments(
  { lake, dataset }: TestLake,
  request: Partial<AdoptRequest> = {},
  effects = lake.effects,
): Promise<Adopted> {
  const asked = { ...WORD, dataset, acceptLosses: false, discardUnreadable: false, ...request };
  return adopt(effects, asked, {
    keeper: bronzeKeeper(lake),
    runs: { backfill: ({ dataset: one, runId }) => runOnce(one, effects, { runId }) },
  });
}
