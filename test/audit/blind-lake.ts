import { auditDataset, type DatasetAudit } from '../../etl/audit/audit-dataset.ts';
import type { Effects, SetWork } from '../../etl/ports.ts';
import { type TestLake, testLake } from '../stages/harness.ts';
import { duckSets } from '../support/duck-sets.ts';

/** Contracts, Gold SQL by path, and the files of one run after the other. */
export interface BlindLake {
  readonly contracts: readonly string[];
  readonly sql?: Readonly<Record<string, string>>;
  readonly files: readonly string[];
}

/** A lake into which keys got that stand twice: its runs ask a set engine that finds none (and makes Gold as it should). */
export async function openBlindLake({ contracts, sql = {}, files }: BlindLake): Promise<TestLake> {
  const wrap = (effects: Effects): Effects => {
    const engine = duckSets(effects);
    const blind: typeof engine.select = (query) =>
      query.into.includes('/gold-') ? engine.select(query) : Promise.resolve({ keys: [] });
    return { ...effects, sets: { engine: { ...engine, select: blind }, fromBytes: 0 } };
  };
  const lake = await testLake({ contracts, sql, wrap });
  for (const [n, text] of files.entries()) await lake.dropAndRun({ [`${n}.csv`]: text });
  return lake;
}

/** Audits of datasets, by a set engine where there is one. */
export async function auditsBy(
  lake: TestLake,
  datasets: readonly string[],
  setsOf?: (effects: Effects) => SetWork,
): Promise<DatasetAudit[]> {
  const { sets: _, ...effects } = lake.lake.effects;
  const found: DatasetAudit[] = [];
  for (const dataset of datasets)
    found.push(
      await auditDataset(setsOf === undefined ? effects : { ...effects, sets: setsOf(effects) }, { dataset }),
    );
  return found;
}
