import type { SourceContract } from '../contract/contract.ts';
import { type Engine, integerOf, readParquet } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { retriesPrefix, retryOf } from '../naming/decisions.ts';
import type { DataStore } from '../ports.ts';
import type { DatasetTables } from '../stages/dataset-tables.ts';
import { isRead, type Plan } from '../stages/documents.ts';
import { byArrival, ledgerRows, liveArrivals, readLedger } from '../stages/ledger.ts';

/** What the order is made from. */
export interface OrderInput {
  readonly engine: Engine;
  readonly data: DataStore;
  readonly contract: SourceContract;
  readonly plan: Plan;
  readonly tables: Pick<DatasetTables, 'table' | 'paths'>;
}

/** Whether single records have places of their own, and whether any published file came after one of the run's. */
export interface ArrivalOrder {
  readonly hasRecords: boolean;
  readonly isBaseLater: boolean;
}

/** A source file in the order of arrival, by its id. */
interface Placed {
  readonly id: string;
  readonly key: string;
  readonly arrivedAt?: string | undefined;
  readonly isOwn: boolean;
}

/**
 * Makes the tables `file_order` (id$, place$): the run's files in the order of their arrival, by their keys where that is
 * the same, and among them, where later records replace earlier ones, all that were published; and `record_order` (id$,
 * row$, place$): the records of retries, which came when their first file did. A file that was published before this
 * was kept counts from when it was first dealt with.
 */
export async function loadArrivalOrder(input: OrderInput): Promise<ArrivalOrder> {
  const { contract, plan } = input;
  const own: Placed[] = plan.files
    .filter(isRead)
    .map(({ sourceFileId, key, arrivedAt }) => ({ id: sourceFileId, key, arrivedAt, isOwn: true }));
  const isReplacing = contract.duplicates === 'replace';
  const ownRetries = own.filter(({ key }) => retryOf(plan.dataset, key) !== undefined);
  const isAsked = ownRetries.length > 0 || (isReplacing && (await mayBaseBeLater(input, own)));
  const published = isAsked ? await publishedFiles(input, own) : [];
  // Old plans know no arrivals, and their files stand in order: the sort leaves them so.
  const isKnown = own.every(({ arrivedAt }) => arrivedAt !== undefined);
  const placed = isKnown ? [...published, ...own].sort(byArrival) : [...published, ...own];
  await fillFileOrder(input.engine, placed);
  const retries = isReplacing ? placed.filter(({ key }) => retryOf(plan.dataset, key)) : ownRetries;
  await fillRecordOrder(input, retries);
  const [row = {}] = await input.engine.rows('SELECT count(*) AS n FROM record_order');
  const firstOwn = placed.findIndex(({ isOwn }) => isOwn);
  const hasRecords = integerOf(row, 'n') > 0;
  return {
    hasRecords,
    isBaseLater: isReplacing && (hasRecords || placed.slice(firstOwn).some(({ isOwn }) => !isOwn)),
  };
}

/**
 * Whether any published file may have come after one of the run's, or has records with places of their own. A usual run
 * has none, and need not put the whole ledger in order.
 */
async function mayBaseBeLater(
  { engine, plan, tables }: OrderInput,
  own: readonly Placed[],
): Promise<boolean> {
  if ((await tables.paths('source_files')).length === 0) return false;
  const arrivals = own.map(({ arrivedAt }) => arrivedAt);
  const [earliest, ...others] = arrivals.filter((one) => one !== undefined).sort();
  if (earliest === undefined || others.length + 1 < arrivals.length) return true;
  const later = await engine.rows(
    `SELECT 1 FROM (${await ledgerRows(tables)}) WHERE status = 'accepted'
       AND (coalesce(arrived_at, processed_at) >= CAST(${literal(earliest)} AS TIMESTAMPTZ)
         OR starts_with(source_file, ${literal(retriesPrefix(plan.dataset))})) LIMIT 1`,
  );
  return later.length > 0;
}

/** The files in the ledger that the run doesn't read itself. */
async function publishedFiles({ engine, tables }: OrderInput, own: readonly Placed[]): Promise<Placed[]> {
  if ((await tables.paths('source_files')).length === 0) return [];
  const live = liveArrivals(await readLedger(engine, await ledgerRows(tables)));
  for (const { id } of own) live.delete(id);
  return [...live].map(([id, arrived]) => ({ id, ...arrived, isOwn: false }));
}

async function fillFileOrder(engine: Engine, placed: readonly Placed[]): Promise<void> {
  await engine.run('CREATE OR REPLACE TEMP TABLE file_order (id$ VARCHAR, place$ BIGINT)');
  await engine.append(
    'file_order',
    placed.map(({ id }, place) => [id, BigInt(place)]),
  );
}

async function fillRecordOrder(
  { engine, data, plan }: OrderInput,
  retries: readonly Placed[],
): Promise<void> {
  await engine.run('CREATE OR REPLACE TEMP TABLE record_order (id$ VARCHAR, row$ BIGINT, place$ BIGINT)');
  for (const { id, key } of retries) {
    const origins = retryOf(plan.dataset, key)?.origins ?? '';
    await engine.run(
      `INSERT INTO record_order SELECT ${literal(id)}, o.source_row_number, place$
       FROM ${readParquet([await data.localPath(origins)])} AS o JOIN file_order ON id$ = o.origin_file_id`,
    );
  }
}

/** JOINs that give the rows of `alias` their place as `place$`, by the tables of loadArrivalOrder. */
export function placeOf(alias: string, { hasRecords }: ArrivalOrder): { joins: string; place: string } {
  const [file, record] = [`${alias}_file$`, `${alias}_record$`];
  const byFile = `LEFT JOIN file_order AS ${file} ON ${file}.id$ = ${alias}.source_file_id`;
  if (!hasRecords) return { joins: byFile, place: `${file}.place$` };
  const byRecord = `LEFT JOIN record_order AS ${record} ON ${record}.id$ = ${alias}.source_file_id AND ${record}.row$ = ${alias}.source_row_number`;
  return { joins: `${byFile} ${byRecord}`, place: `coalesce(${record}.place$, ${file}.place$)` };
}
