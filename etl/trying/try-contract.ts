import { join } from 'node:path';
import { ledgerFiles } from '../audit/ledger-files.ts';
import { checkContractSql } from '../contract/check-contract-sql.ts';
import { type ContractComparison, compareContracts } from '../contract/compare-contracts.ts';
import type { SourceContract } from '../contract/contract.ts';
import { type LoadedContracts, requireSourceContract } from '../contract/load-contracts.ts';
import { tableColumns } from '../contract/table-columns.ts';
import { type Engine, withEngine } from '../engine/engine.ts';
import { tableName } from '../naming/datasets.ts';
import type { Effects } from '../ports.ts';
import type { PiiCount } from '../privacy/pii/pii-count.ts';
import { loadRetryTables } from '../quarantine/retry-files.ts';
import { createLakeViews } from '../query/lake-views.ts';
import { findInRows } from '../refining/find-personal.ts';
import { sealedEngine } from '../refining/sealed-reading.ts';
import { loadRepeatSpans } from '../repeats/load-repeats.ts';
import { majorOf } from '../stages/awaits-migration.ts';
import { keptContract, publishedContract } from '../stages/kept-contracts.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import { byArrival } from '../stages/ledger.ts';
import { openTable } from '../table/lake-table.ts';
import { readValueChanges, type ValueChange } from './compare-values.ts';
import { countTried, type Flip, judgeTried, readFlips, type TriedCounts } from './compare-verdicts.ts';
import { type GoldEffect, goldEffects } from './gold-effect.ts';
import { type SumChange, sumChanges } from './measure-sums.ts';
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
  /** What the measures add up to in Silver, now and then. */
  readonly sums: readonly SumChange[];
  /** Personal data that columns would have which are said to have none: a run would wait for it. */
  readonly pii: readonly PiiCount[];
  readonly gold: readonly GoldEffect[];
}

const TRIED_SILVER =
  '(SELECT t.* FROM tried_rows AS t JOIN silver_tried AS s ON s.id$ = t.source_file_id AND s.row$ = t.source_row_number)';

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
  const current = await publishedContract(effects.objects, requireSourceContract(loaded, dataset));
  const scratch = await effects.openScratch('try');
  try {
    return await withEngine(
      sealedEngine(effects.engine, proposed),
      join(scratch.directory, 'spill'),
      async (engine) => {
        await checkContractSql(engine, proposed);
        const isNewMajor = majorOf(proposed.version) > majorOf(current.version);
        const files = await triedFiles(engine, effects, { contract: proposed, isNewMajor });
        await createLakeViews(engine, effects, tableName('silver', dataset), { kind: 'now' });
        await loadRetryTables(engine, effects, dataset);
        const ledger = `SELECT * FROM ${tableName('source_files', dataset)}`;
        await loadRepeatSpans(engine, { data: effects.data, dataset, ledger });
        const published = (await readKnownPointer(effects.objects, 'silver', dataset))?.pointer;
        await replay({ engine, effects, scratch, proposed, files, published });
        await judgeTried(engine, proposed);
        const sums = await sumChanges(engine, proposed, {
          before: { from: tableName('silver', dataset), columns: tableColumns(current) },
          after: { from: TRIED_SILVER, columns: tableColumns(proposed) },
        });
        const found = {
          dataset,
          sums,
          comparison: compareContracts(current, proposed),
          files: files.length,
          counts: await countTried(engine),
          flips: await readFlips(engine, mostExamples),
          values: await readValueChanges(engine, { current, proposed }, mostExamples),
          pii: await findInRows(engine, proposed, TRIED_SILVER),
        };
        const gold = await goldEffects({ engine, effects, scratch, loaded, proposed, mostFigures });
        return { ...found, gold };
      },
    );
  } finally {
    await scratch.dispose();
  }
}

/**
 * Every file of the ledger but repeats, each as it came last, in the order of their arrival: under a new major version in
 * the dialect in which it was accepted, as a migration reads it.
 */
async function triedFiles(
  engine: Engine,
  effects: Effects,
  { contract, isNewMajor }: { readonly contract: SourceContract; readonly isNewMajor: boolean },
): Promise<TriedFile[]> {
  const { dataset } = contract;
  const state = (await readKnownPointer(effects.objects, 'silver', dataset))?.pointer.tables.source_files;
  if (state === undefined) return [];
  const ledger = await openTable(effects.objects, state);
  const rows = (await ledgerFiles(engine, effects, ledger)).filter(({ status }) => status !== 'repeat');
  const live = new Map(rows.sort(byArrival).map((file) => [file.sourceFileId, file]));
  const kept = new Map<string, boolean>();
  for (const { dialect } of live.values())
    if (isNewMajor && dialect !== contract.digest && !kept.has(dialect))
      kept.set(dialect, (await keptContract(effects.objects, dataset, dialect)) !== undefined);
  return [...live.values()].sort(byArrival).map(({ key, sourceFileId, arrivedAt, dialect }) => ({
    key,
    sourceFileId,
    arrivedAt,
    ...(kept.get(dialect) === true ? { dialect } : {}),
  }));
}
