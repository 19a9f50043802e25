import { join } from 'node:path';
import { duckType } from '../contract/duck-type.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import { tableColumns } from '../contract/table-columns.ts';
import { type Engine, integerOf, readParquet, textOf, withEngine } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { migrationOutcomeKey } from '../naming/generations.ts';
import { commitPlanKey, repeatsKey } from '../naming/runs.ts';
import type { Effects, Scratch } from '../ports.ts';
import { repeatRowsSql } from '../repeats/load-repeats.ts';
import { schemaColumns } from '../table/fields.ts';
import { filesOf, openTable } from '../table/lake-table.ts';
import { currentSchema } from '../table/metadata.ts';
import type { Pointer } from '../table/pointer.ts';
import type { TableColumn } from '../table/schema.ts';
import { effectsOfSilver } from '../trying/gold-effect.ts';
import { sumChanges } from '../trying/measure-sums.ts';
import { loadAdopted, readAdoption } from './adopted-files.ts';
import { getCommitPlan } from './commit-plans.ts';
import { type CommitPlan, isRead, type Seal } from './documents.ts';
import type { MigrationOutcome, MigrationRequest } from './migration-documents.ts';
import { readMigration } from './plan-migration.ts';
import type { RunContext } from './run-context.ts';
import { inFormat } from './run-documents.ts';
import { putDocument } from './stored-documents.ts';

/** So many figures of each Gold table are named. */
const MOST_FIGURES = 50;

/** What judging a migration works with. */
interface Judging {
  readonly effects: Effects;
  readonly engine: Engine;
  readonly scratch: Scratch;
  readonly context: RunContext;
  readonly published: Pointer;
  readonly seal: Seal;
  readonly commit: CommitPlan;
}

/**
 * What keeps a sealed migration from being published, one sentence each: records that would be lost, unless the person
 * who asked for it accepts that, and Gold tables that can't be made from the new generation. Compares the staged
 * generation with what readers see, and keeps what it found.
 */
export async function judgeMigration(effects: Effects, context: RunContext, seal: Seal): Promise<string[]> {
  const { plan, published } = context;
  const request = await readMigration(effects, plan);
  if (published === undefined || request === undefined) return ['nobody asked for this migration'];
  const commit = inFormat(
    await getCommitPlan(effects.objects, plan),
    commitPlanKey(plan.dataset, plan.runId),
  );
  const scratch = await effects.openScratch(`migration-${plan.runId}`);
  try {
    return await withEngine(effects.engine, join(scratch.directory, 'spill'), async (engine) => {
      const outcome = await compare({ effects, engine, scratch, context, published, seal, commit });
      await putDocument(effects.objects, migrationOutcomeKey(plan.dataset, plan.runId), outcome);
      return whyNot(outcome, request);
    });
  } finally {
    await scratch.dispose();
  }
}

function whyNot({ lost, lostBy, gold }: MigrationOutcome, { acceptLosses }: MigrationRequest): string[] {
  const codes = Object.entries(lostBy).map(([code, count]) => `${code} ${count}`);
  const losses =
    lost > 0 && !acceptLosses
      ? [
          `${lost} records that are in Silver would not be there any more (${codes.join(', ')}); --accept-losses takes that`,
        ]
      : [];
  return [
    ...losses,
    ...gold.flatMap(({ report, problem }) => (problem === null ? [] : [`${report}: ${problem}`])),
  ];
}

async function compare(judging: Judging): Promise<MigrationOutcome> {
  const { effects, engine, context, published, seal, commit } = judging;
  const { plan, contract } = context;
  const old = await oldSide(effects, published);
  const fresh = await pathsOf(effects, commit.silver);
  const places = (paths: readonly string[]): string =>
    paths.length === 0
      ? "(SELECT '' AS source_file_id, 0::BIGINT AS source_row_number WHERE false)"
      : `(SELECT source_file_id, source_row_number FROM ${readParquet(paths)})`;
  const without = (a: string, b: string): string =>
    `SELECT * FROM ${a} AS a ANTI JOIN ${b} AS b USING (source_file_id, source_row_number)`;
  const adoption = await readAdoption(effects, plan);
  await loadAdopted(engine, adoption ?? { files: [] });
  const before = `(SELECT coalesce(to_id, source_file_id) AS source_file_id, source_row_number FROM ${places(old.silver)} LEFT JOIN adopted ON from_id = source_file_id)`;
  const kept = `(SELECT * FROM ${places(fresh)} UNION ALL (${await repeatedPlaces(effects, seal)}))`;
  await engine.run(`CREATE OR REPLACE TEMP TABLE lost AS ${without(before, kept)}`);
  const count = async (from: string): Promise<number> =>
    integerOf((await engine.rows(`SELECT count(*) AS n FROM (${from})`))[0] ?? {}, 'n');
  const verdicts = await oldVerdicts(engine, old.ledger);
  return {
    dataset: plan.dataset,
    runId: plan.runId,
    from: published.contract_version,
    to: contract.version,
    files: plan.files.filter(isRead).length,
    rows: { before: await count(`FROM ${places(old.silver)}`), after: await count(`FROM ${places(fresh)}`) },
    lost: await count('FROM lost'),
    lostBy: await lostBy(judging),
    gained: await count(without(places(fresh), before)),
    verdicts: Object.fromEntries(
      VERDICTS.flatMap((verdict) => {
        const sides = { before: verdicts[verdict] ?? 0, after: seal.counts[verdict] ?? 0 };
        const isRare = verdict === 'footer' || verdict === 'repeats' || verdict === 'forgotten';
        return isRare && sides.before + sides.after === 0 ? [] : [[verdict, sides]];
      }),
    ),
    sums: await sumChanges(engine, contract, {
      before: { from: rowsIn(old.silver, old.columns), columns: old.columns },
      after: { from: rowsIn(fresh, tableColumns(contract)), columns: tableColumns(contract) },
    }),
    gold: (await goldOf(judging, fresh)).map((one) =>
      // Figures of before may be what is sealed now.
      adoption === undefined ? one : { ...one, figures: [] },
    ),
  };
}

/** What records are counted by. */
const VERDICTS = ['silver', 'quarantined', 'condemned', 'blank', 'footer', 'repeats', 'forgotten'] as const;

/** SELECT of the places of records that stand in the new generation as other records with the same values. */
async function repeatedPlaces({ data }: Effects, { dataset, runId, counts }: Seal): Promise<string> {
  if (counts.repeats === undefined) return "SELECT '', 0::BIGINT WHERE false";
  const spans = readParquet([await data.localPath(repeatsKey(dataset, runId))]);
  return `SELECT source_file_id, source_row_number FROM (${repeatRowsSql('true', spans)})`;
}

interface OldSide {
  readonly silver: readonly string[];
  readonly columns: readonly TableColumn[];
  readonly ledger: readonly string[];
}

async function oldSide(effects: Effects, { tables }: Pointer): Promise<OldSide> {
  const side = async (layer: string) => {
    const state = tables[layer];
    if (state === undefined) return { paths: [], columns: [] };
    const table = await openTable(effects.objects, state);
    const columns = schemaColumns(currentSchema(table.metadata));
    return { paths: await pathsOf(effects, await filesOf(table)), columns };
  };
  const { paths: silver, columns } = await side('silver');
  return { silver, columns, ledger: (await side('source_files')).paths };
}

function pathsOf({ data }: Effects, files: readonly { readonly key: string }[]): Promise<string[]> {
  return Promise.all(files.map(({ key }) => data.localPath(key)));
}

/** Rows of Parquet files, which may be none. */
function rowsIn(paths: readonly string[], columns: readonly TableColumn[]): string {
  const nulls = columns.map(({ name, type }) => `CAST(NULL AS ${duckType(type)}) AS ${identifier(name)}`);
  return paths.length === 0 ? `(SELECT ${nulls.join(', ')} WHERE false)` : readParquet(paths);
}

/** What the ledger says of each file's last reading, added up. */
async function oldVerdicts(engine: Engine, paths: readonly string[]): Promise<Record<string, number>> {
  if (paths.length === 0) return {};
  const sums = VERDICTS.map((name) => `CAST(coalesce(sum(${name}), 0) AS BIGINT) AS ${name}`).join(', ');
  const [row = {}] = await engine.rows(
    `SELECT ${sums} FROM (SELECT * FROM (SELECT CAST(NULL AS BIGINT) AS footer, CAST(NULL AS BIGINT) AS repeats, CAST(NULL AS BIGINT) AS forgotten WHERE false UNION ALL BY NAME SELECT * FROM ${readParquet(paths)}) WHERE status <> 'repeat'
       QUALIFY row_number() OVER (PARTITION BY source_file_id ORDER BY processed_at DESC) = 1)`,
  );
  return Object.fromEntries(VERDICTS.map((name) => [name, integerOf(row, name)]));
}

/** What keeps the lost records out, by code; FILE_REJECTED where the whole file can't be read. */
async function lostBy({ effects, engine, commit }: Judging): Promise<Record<string, number>> {
  const paths = await pathsOf(effects, [...commit.quarantine, ...commit.condemned]);
  const rejects =
    paths.length === 0
      ? ''
      : `LEFT JOIN (SELECT source_file_id, source_row_number, unnest(reasons).code AS code FROM ${readParquet(paths)}) AS r USING (source_file_id, source_row_number)`;
  const rows = await engine.rows(
    `SELECT ${paths.length === 0 ? "'FILE_REJECTED'" : "coalesce(code, 'FILE_REJECTED')"} AS code, count(DISTINCT (source_file_id, source_row_number)) AS n
     FROM lost ${rejects} GROUP BY 1 ORDER BY 1`,
  );
  return Object.fromEntries(rows.map((row) => [textOf(row, 'code'), integerOf(row, 'n')]));
}

async function goldOf(
  { effects, engine, scratch, context }: Judging,
  paths: readonly string[],
): Promise<MigrationOutcome['gold']> {
  const loaded = await loadContracts(effects.contracts);
  const trial = { engine, effects, scratch, loaded, proposed: context.contract, mostFigures: MOST_FIGURES };
  const found = await effectsOfSilver(trial, paths);
  return found.map(({ figures, ...rest }) => ({ ...rest, figures: [...figures] }));
}
