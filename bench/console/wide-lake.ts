import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { initLake, openLake } from '../../adapters/local/lake.ts';
import { runDataset } from '../../adapters/local/run-dataset.ts';
import { paymentsLake } from '../../etl/drill/drill-contracts.ts';
import { bronzeKey } from '../../etl/naming/bronze.ts';
import { runRecordKey } from '../../etl/naming/runs.ts';
import type { Effects } from '../../etl/ports.ts';
import type { RunRecord } from '../../etl/stages/outcomes.ts';
import { newRunId } from '../../etl/stages/run-id.ts';
import { putDocument } from '../../etl/stages/stored-documents.ts';

/** How wide a lake is made. */
export interface Width {
  /** Each has a dataset and a Gold table. */
  readonly domains: number;
  readonly runs: number;
  /** Records of the first dataset that stay in quarantine. */
  readonly open: number;
}

/** The first dataset of a wide lake: the one with records in quarantine. */
export const FIRST = 'd000.payments';
const HOUR_MS = 3_600_000;

/**
 * Makes a lake of many datasets: each is run once; of the runs before, over the last month, there are the records alone,
 * which is what lists read.
 */
export async function makeWideLake(folder: string, { domains, runs, open }: Width): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const lakes = Array.from({ length: domains }, (_, n) => paymentsLake(`d${String(n).padStart(3, '0')}`));
  for (const { contracts, sql } of lakes) {
    for (const [name, text] of Object.entries(contracts)) write(join(folder, 'contracts', name), text);
    for (const [name, text] of Object.entries(sql)) write(join(folder, 'sql/gold', name), text);
  }
  await initLake(join(folder, 'lake'));
  const { effects } = await openLake(join(folder, 'lake'), {
    contractsDir: join(folder, 'contracts'),
    sqlDir: join(folder, 'sql/gold'),
  });
  for (const [n, { dataset }] of lakes.entries()) {
    await drop(effects, dataset, n === 0 ? open : 1);
    const [record] = await runDataset(dataset, effects);
    if (record?.status !== 'promoted') throw new Error(`${dataset}: ${record?.status} ${record?.why}`);
    const before = Math.floor(runs / domains) - 1 + (n < runs % domains ? 1 : 0);
    for (let k = 1; k <= before; k++) await keepEarlier(effects, record, (k * 700 * HOUR_MS) / (before + 1));
  }
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Nine good payments, and so many without an amount. */
async function drop({ objects, clock }: Effects, dataset: string, bad: number): Promise<void> {
  const good = Array.from({ length: 9 }, (_, n) => `G${n},2024-0${(n % 9) + 1}-01,10.25,\n`);
  const lines = Array.from({ length: bad }, (_, n) => `B${n},2024-01-01,,\n`);
  const text = `id,paid_on,amount,note\n${[...good, ...lines].join('')}`;
  await objects.put(bronzeKey(dataset, clock.now().toISOString().slice(0, 10), 'f.csv'), Buffer.from(text));
}

/** The record of a run as it would have been some time before. */
async function keepEarlier(effects: Effects, record: RunRecord, agoMs: number): Promise<void> {
  const at = (iso: string): string => new Date(Date.parse(iso) - agoMs).toISOString();
  const runId = newRunId(new Date(at(record.startedAt)));
  const earlier = { ...record, runId, startedAt: at(record.startedAt), endedAt: at(record.endedAt) };
  await putDocument(effects.objects, runRecordKey(record.dataset, runId), earlier);
}
