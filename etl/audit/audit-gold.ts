import { monthIndex } from '../closing/month.ts';
import type { GoldContract } from '../contract/contract.ts';
import type { LoadedContracts } from '../contract/load-contracts.ts';
import { tableColumns } from '../contract/table-columns.ts';
import { type Engine, integerOf, readParquet } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { messageOf } from '../errors.ts';
import { goldDigest } from '../gold/gold-digest.ts';
import { askForMonths, goldQuestion, type PublishedInput } from '../gold/gold-on-sets.ts';
import type { MonthRange } from '../gold/months.ts';
import { createTableView, rebuildMonths, viewColumns } from '../gold/rebuild.ts';
import { tableName } from '../naming/datasets.ts';
import { monthLabel } from '../naming/tables.ts';
import type { DatasetRun, Effects, SetEngine } from '../ports.ts';
import { keptGold } from '../stages/kept-contracts.ts';
import { closedMonths } from '../table/closings.ts';
import { filesOf, openTable } from '../table/lake-table.ts';
import { type Pointer, readPointer } from '../table/pointer.ts';
import type { DataFile } from '../table/schema.ts';
import { auditClosings, auditWaiting } from './audit-closings.ts';
import type { Problem } from './problem.ts';
import { withAnswers } from './with-answers.ts';

/** What auditing Gold works with. */
export interface GoldAudit {
  readonly engine: Engine;
  readonly effects: Effects;
  readonly loaded: LoadedContracts;
  /** Whether an input waits for a new major version: both are then audited under the one before. */
  readonly isWaiting: boolean;
}

/** What was found, and who computed the table anew, where that was not DuckDB. */
export interface AuditedGold {
  readonly problems: Problem[];
  readonly by?: SetEngine['name'];
}

/**
 * Recomputes a Gold table from the Silver snapshots that it names, and compares every row. Reports where those
 * snapshots aren't the current ones. Closed months must have the rows that they were closed with, and the recomputed
 * ones must equal these or the waiting ones. A set engine recomputes what is as large as it is for; it reads whole snapshots,
 * as DuckDB does here, whatever a refresh leaves out.
 */
export async function auditGold(
  audit: GoldAudit,
  today: GoldContract,
  pointer: Pointer,
): Promise<AuditedGold> {
  const { engine, effects } = audit;
  const closings = await auditClosings({ engine, effects, contract: today, pointer });
  const damaged = new Set(closings.map(({ key }) => key));
  return await withAnswers(effects, today.dataset, async (asker) => {
    const computed = await auditComputed({ ...audit, damaged, asker }, today, pointer);
    return { ...computed, problems: [...closings, ...computed.problems] };
  });
}

async function auditComputed(
  audit: GoldAudit & Pick<Recomputing, 'damaged' | 'asker'>,
  today: GoldContract,
  pointer: Pointer,
): Promise<AuditedGold> {
  const {
    effects,
    loaded: { contracts },
    isWaiting,
  } = audit;
  const key = tableName('gold', today.dataset);
  const now = { contract: today, sql: await effects.contracts.sql(today.sql) };
  const isSame = pointer.contract_digest === goldDigest(now.contract, now.sql);
  if (!isSame && !isWaiting)
    return {
      problems: [
        {
          code: 'GOLD',
          key,
          problem: 'it was made under another contract or SQL: the next run makes it anew',
        },
      ],
    };
  const kept = isSame ? now : await keptGold(effects.objects, today.dataset, pointer.contract_digest);
  // Made before texts were kept: what it should be can't be told until its input is migrated.
  if (kept === undefined) return { problems: [] };
  const { sql } = kept;
  const { consents } = today;
  const contract = consents === undefined ? kept.contract : { ...kept.contract, consents };
  const problems: Problem[] = [];
  let by: SetEngine['name'] | undefined;
  try {
    const inputs: AuditedInput[] = [];
    for (const input of contract.inputs) {
      const silver = (await readPointer(effects.objects, 'silver', input))?.pointer;
      const snapshotId = pointer.inputs?.[input];
      const state = silver?.tables.silver;
      if (state === undefined || snapshotId === undefined || !contracts.has(input)) continue;
      if (silver?.snapshot_id !== snapshotId)
        problems.push({
          code: 'GOLD',
          key,
          problem: `it was made from snapshot ${snapshotId} of ${input}, and ${silver?.snapshot_id} is current`,
        });
      const table = await openTable(effects.objects, state);
      inputs.push({ dataset: input, table, snapshotId, files: await filesOf(table, snapshotId) });
    }
    const compared = await compareAll(audit, contract, { ...audit, contracts, pointer, sql, inputs });
    by = compared.by;
    problems.push(...compared.waiting, ...problemsOf(key, compared));
  } catch (error) {
    problems.push({ code: 'GOLD', key, problem: `it can't be computed anew: ${messageOf(error)}` });
  }
  return { problems, ...(by === undefined ? {} : { by }) };
}

function problemsOf(key: string, { beyond, differing }: Compared): Problem[] {
  const months = beyond.map(monthLabel).join(', ');
  const left = `it has rows of ${months}, and its inputs end before or begin later: the next change of them takes these months out`;
  const other = `${differing} rows are not what its SQL makes of Silver`;
  return [
    ...(beyond.length > 0 ? [{ code: 'GOLD' as const, key, problem: left }] : []),
    ...(differing > 0 ? [{ code: 'GOLD' as const, key, problem: other }] : []),
  ];
}

/** An input as it was when Gold was made from it. */
interface AuditedInput extends PublishedInput {
  readonly files: readonly DataFile[];
}

interface Recomputing {
  readonly contracts: LoadedContracts['contracts'];
  readonly pointer: Pointer;
  readonly sql: string;
  readonly inputs: readonly AuditedInput[];
  /** Beside whose staged objects answers lie. */
  readonly asker: DatasetRun;
  /** Objects with closed rows that are not what they were. */
  readonly damaged: ReadonlySet<string>;
}

interface Compared {
  /** Rows of months that aren't closed. */
  readonly differing: number;
  /** Months of the table, not closed ones, that lie outside of those of its inputs, in order. */
  readonly beyond: readonly number[];
  /** What is amiss with closed ones. */
  readonly waiting: readonly Problem[];
  readonly by?: SetEngine['name'];
}

async function compareAll(
  { engine, effects }: Pick<GoldAudit, 'engine' | 'effects'>,
  contract: GoldContract,
  recomputing: Recomputing,
): Promise<Compared> {
  const { pointer, damaged, inputs } = recomputing;
  const months = new Set(inputs.flatMap(({ files }) => files.flatMap(({ month }) => month ?? [])));
  const state = pointer.tables.gold;
  if (state === undefined) return { differing: 0, waiting: [], beyond: [] };
  const table = await openTable(effects.objects, state);
  const live = await filesOf(table);
  const closed = new Set(closedMonths(pointer).map(({ month }) => monthIndex(month)));
  const isOpen = ({ month }: DataFile): boolean => month === undefined || !closed.has(month);
  const [range] = rangesOf(months);
  const isBeyond = ({ month }: DataFile): boolean =>
    month !== undefined && (range === undefined || month < range.from || range.to < month);
  const beyond = new Set(
    live.filter((file) => isOpen(file) && isBeyond(file)).flatMap(({ month }) => month ?? []),
  );
  const files = live.filter((file) => isOpen(file) && !isBeyond(file));
  const by = await recompute({ engine, effects }, contract, { ...recomputing, ranges: rangesOf(months) });
  const waiting = await auditWaiting({ engine, effects, contract, pointer }, damaged);
  const names = contract.columns.map(({ name }) => identifier(name)).join(', ');
  const published =
    files.length === 0
      ? 'SELECT * FROM rebuilt LIMIT 0'
      : `SELECT ${names} FROM ${readParquet(await paths(effects, files))}`;
  const [row = {}] = await engine.rows(
    `SELECT (SELECT count(*) FROM ((${published}) EXCEPT ALL SELECT ${names} FROM rebuilt))
       + (SELECT count(*) FROM (SELECT ${names} FROM rebuilt EXCEPT ALL (${published}))) AS n`,
  );
  return {
    ...{ differing: integerOf(row, 'n'), waiting, beyond: [...beyond].sort((a, b) => a - b) },
    ...(by === undefined ? {} : { by }),
  };
}

/** Makes the table `rebuilt` of the ranges; returns who did, where it was not DuckDB. */
async function recompute(
  { engine, effects }: Pick<GoldAudit, 'engine' | 'effects'>,
  contract: GoldContract,
  { contracts, sql, inputs, asker, ranges }: Recomputing & { readonly ranges: readonly MonthRange[] },
): Promise<SetEngine['name'] | undefined> {
  const sizeBytes = inputs.flatMap(({ files }) => files).reduce((sum, file) => sum + file.sizeBytes, 0);
  const asked = { effects, engine, work: effects.sets, contract, contracts, sql, inputs, run: asker };
  const question = await goldQuestion(asked, sizeBytes);
  if (question !== undefined) {
    const answer = async (range: MonthRange): Promise<string> => (await askForMonths(question, range)).from;
    await rebuildMonths(engine, contract, { sql, ranges, answer });
    return question.sets.name;
  }
  for (const { dataset, files } of inputs) {
    const source = contracts.get(dataset);
    const columns = source === undefined ? [] : viewColumns(tableColumns(source));
    await createTableView(engine, tableName('silver', dataset), columns, await paths(effects, files));
  }
  await rebuildMonths(engine, contract, { sql, ranges });
  return undefined;
}

/** From the first to the last month of the inputs; none where they have none. */
const rangesOf = (months: ReadonlySet<number>): MonthRange[] =>
  months.size === 0 ? [] : [{ from: Math.min(...months), to: Math.max(...months) }];

function paths(effects: Effects, files: readonly DataFile[]): Promise<string[]> {
  return Promise.all(files.map(({ key }) => effects.data.localPath(key)));
}
