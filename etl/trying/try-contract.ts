import { join } from 'node:path';
import { ledgerFiles } from '../audit/ledger-files.ts';
import { checkContractSql } from '../contract/check-contract-sql.ts';
import { type ContractComparison, compareContracts } from '../contract/compare-contracts.ts';
import type { SourceContract } from '../contract/contract.ts';
import { type LoadedContracts, requireSourceContract } from '../contract/load-contracts.ts';
import { type Engine, withEngine } from '../engine/engine.ts';
import { tableName, tableRoot } from '../naming.ts';
import type { Effects } from '../ports.ts';
import { loadRetryTables } from '../quarantine/retry-files.ts';
import { createLakeViews } from '../query/lake-views.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import { byArrival } from '../stages/ledger.ts';
import { openTable } from '../table/lake-table.ts';
import { readValueChanges, type ValueChange } from './compare-values.ts';
import { countTried, type Flip, judgeTried, readFlips, type TriedCounts } from './compare-verdicts.ts';
import { type GoldEffect, goldEffects } from './gold-effect.ts';
import { replay, type TriedFile } from './replay.ts';

/** What a contract would change. */
export interface ContractTrial {
  readonly dataset: string;
  readonly comparison: ContractComparison;
  /** Source files that were read again. */
  readonly files: number;
  readonly counts: TriedCounts;
  readonly flips: readonly Flip[];
  readonly values: readonly ValueChange[];
  readonly gold: readonly GoldEffect[];
}

/** How much of what is found is named. */
export interface TrialLimits {
  readonly mostExamples: number;
  readonly mostFigures: number;
}

/**
 * Reads everything that was ever published or failed of a dataset again under a proposed contract (Bronze and retries,
 * and with them all that is in quarantine), and says what would become of it, by rule, and of Gold. Publishes nothing and
 * writes nothing but scratch. What people corrected or condemned stays as it is. It is what a backfill of all files would
 * give, but for what attempts and limits of the gate say.
 */
export async function tryContract(
  effects: Effects,
  { loaded, proposed }: { readonly loaded: LoadedContracts; readonly proposed: SourceContract },
  { mostExamples, mostFigures }: TrialLimits,
): Promise<ContractTrial> {
  const { dataset } = proposed;
  const current = requireSourceContract(loaded, dataset);
  const scratch = await effects.openScratch('try');
  try {
    return await withEngine(effects.engine, join(scratch.directory, 'spill'), async (engine) => {
      await checkContractSql(engine, proposed);
      const files = await triedFiles(engine, effects, dataset);
      await createLakeViews(engine, effects, tableName('silver', dataset), { kind: 'now' });
      await loadRetryTables(engine, effects, dataset);
      await replay({ engine, effects, scratch, proposed, files });
      await judgeTried(engine, proposed);
      const found = {
        dataset,
        comparison: compareContracts(current, proposed),
        files: files.length,
        counts: await countTried(engine),
        flips: await readFlips(engine, mostExamples),
        values: await readValueChanges(engine, { current, proposed }, mostExamples),
      };
      const gold = await goldEffects({ engine, effects, scratch, loaded, proposed, mostFigures });
      return { ...found, gold };
    });
  } finally {
    await scratch.dispose();
  }
}

/** Every file of the ledger but repeats, each as it came last, in the order of their arrival. */
async function triedFiles(engine: Engine, effects: Effects, dataset: string): Promise<TriedFile[]> {
  const state = (await readKnownPointer(effects.objects, 'silver', dataset))?.pointer.tables.source_files;
  if (state === undefined) return [];
  const ledger = await openTable(effects.objects, tableRoot('source_files', dataset), state);
  const rows = (await ledgerFiles(engine, effects, ledger)).filter(({ status }) => status !== 'repeat');
  const live = new Map(rows.sort(byArrival).map((file) => [file.sourceFileId, file]));
  return [...live.values()]
    .sort(byArrival)
    .map(({ key, sourceFileId, arrivedAt }) => ({ key, sourceFileId, arrivedAt }));
}
