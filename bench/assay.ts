import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { initLake, openLake } from '../adapters/local/lake.ts';
import { runDataset } from '../adapters/local/run-dataset.ts';
import { bronzeKey } from '../etl/naming/bronze.ts';
import { isMain, required } from './command.ts';
import { type Measurement, measure } from './measure.ts';

const DATASET = 'mortgages.transactions';
/** The folder of the one contract that is measured: Gold tables are made after promotion and not counted. */
const CONTRACTS = join(import.meta.dirname, '..', 'contracts', 'mortgages');

/** Ingests a file into a new lake and runs the whole workflow, the state machine included, until it is promoted. */
export async function runAssay(file: string, folder: string): Promise<Measurement> {
  await initLake(folder);
  const nativePart = process.env.ASSAY_NATIVE;
  const lake = await openLake(folder, { contractsDir: CONTRACTS, sqlDir: CONTRACTS, nativePart });
  return measure(async () => {
    const key = bronzeKey(DATASET, new Date().toISOString().slice(0, 10), file);
    await lake.data.addFile(file, key, { arrivedMs: Date.now() });
    const [record] = await runDataset(DATASET, lake.effects);
    if (record?.status !== 'promoted')
      throw new Error(`the run ended ${record?.status}: ${record?.why.join('; ')}`);
    const { records, silver, quarantined, condemned } = record.counts;
    return {
      rows: records,
      silver,
      rejected: quarantined + condemned,
      duplicates: record.reasons.DUPLICATE ?? 0,
    };
  });
}

if (isMain(import.meta.url)) {
  const { values } = parseArgs({ options: { in: { type: 'string' }, out: { type: 'string' } } });
  console.log(JSON.stringify(await runAssay(required('--in', values.in), required('--out', values.out))));
}
