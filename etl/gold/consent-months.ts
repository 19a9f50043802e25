import type { Contract, GoldContract, InputConsent } from '../contract/contract.ts';
import { tableColumns } from '../contract/table-columns.ts';
import type { Engine } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { monthIndexSql } from '../engine/write-data-files.ts';
import type { DataStore } from '../ports.ts';
import { filesOf, type LakeTable } from '../table/lake-table.ts';
import { consentingSql } from './consent.ts';
import type { GoldInput } from './months.ts';
import { createTableView, viewColumns } from './rebuild.ts';

/** What the months are found with. */
export interface ConsentChanges {
  readonly engine: Engine;
  readonly data: DataStore;
  readonly contracts: ReadonlyMap<string, Contract>;
  readonly inputs: ReadonlyMap<string, GoldInput>;
}

/** The months with records of those who consent since a Gold table was last made, or don't any more. */
export async function consentMonths(changes: ConsentChanges, contract: GoldContract): Promise<number[]> {
  const months: number[] = [];
  for (const consent of contract.consents ?? []) months.push(...(await monthsOf(changes, consent)));
  return [...new Set(months)];
}

async function monthsOf(
  changes: ConsentChanges,
  { input, subject, partition, states }: InputConsent,
): Promise<number[]> {
  const { engine, inputs } = changes;
  const [asked, source] = [inputs.get(states.dataset), inputs.get(input)];
  if (asked === undefined || source === undefined || asked.lastSnapshotId === undefined) return [];
  if (asked.lastSnapshotId === asked.snapshotId) return [];
  const [was, is, records] = ['was', 'is', 'records'].map((name) => `consent$.${name}`) as [
    string,
    string,
    string,
  ];
  await viewAt(changes, was, {
    dataset: states.dataset,
    table: asked.table,
    snapshotId: asked.lastSnapshotId,
  });
  await viewAt(changes, is, { dataset: states.dataset, table: asked.table, snapshotId: asked.snapshotId });
  await viewAt(changes, records, { dataset: input, table: source.table, snapshotId: source.snapshotId });
  const [before, now] = [consentingSql(states, was), consentingSql(states, is)];
  const changed = `((${before}) EXCEPT (${now})) UNION ALL ((${now}) EXCEPT (${before}))`;
  return await engine.integers(
    `SELECT DISTINCT ${monthIndexSql(identifier(partition))} FROM ${records} WHERE ${identifier(subject)} IN (${changed})`,
  );
}

async function viewAt(
  { engine, data, contracts }: ConsentChanges,
  name: string,
  {
    dataset,
    table,
    snapshotId,
  }: { readonly dataset: string; readonly table: LakeTable; readonly snapshotId: number },
): Promise<void> {
  const contract = contracts.get(dataset);
  const files = await filesOf(table, snapshotId);
  const paths = await Promise.all(files.map(({ key }) => data.localPath(key)));
  await createTableView(
    engine,
    name,
    contract === undefined ? [] : viewColumns(tableColumns(contract)),
    paths,
  );
}
