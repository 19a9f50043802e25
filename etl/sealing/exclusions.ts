import type { SourceContract } from '../contract/contract.ts';
import { isByRecord, keyColumns, knowsRepeats } from '../contract/record-key.ts';
import { type Engine, integerOf, readParquet } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { tableRowsSql } from '../engine/table-rows.ts';
import { isOfEvents } from '../eventstore/event-order.ts';
import { type ArrivalOrder, placeOf } from './arrival-order.ts';
import type { CandidateSearch, Candidates, FindCandidates } from './candidates.ts';
import { judgeEvents } from './judge-events.ts';
import { repeatRecords } from './record-repeats.ts';
import { createRepeats, isLeftOut, judgeWithin, repeatBase } from './repeats.ts';

/** What finding exclusions needs. */
export interface ExclusionInput extends CandidateSearch {
  /** Who finds the rows that are judged. */
  readonly findCandidates: FindCandidates;
  /** The order in which the records came, by loadArrivalOrder. */
  readonly order: ArrivalOrder;
  readonly hasPrior: boolean;
  /** SELECT of places (source_file_id, source_row_number) where later tries of the same records are there, too. */
  readonly retriedSince?: string | undefined;
}

/** How many records are left out of Silver, or taken out of it. */
export interface Exclusions {
  readonly excluded: number;
  readonly superseded: number;
  readonly repeats: number;
}

/**
 * Makes three tables and returns how many records each has: `excluded` (source_file_id, source_row_number, code),
 * records of the run that passed but may not go to Silver; `repeats`, those that are there already, where the contract
 * knows such; and `superseded` (the key columns), the base's rows that new ones replace. Of events, `stays` has the id of
 * the event that stays for each that is a duplicate, and `gave_way` the base's rows as `judgeEvents` says.
 */
export async function findExclusions(input: ExclusionInput): Promise<Exclusions> {
  const { engine, contract, table } = input;
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE excluded (source_file_id VARCHAR, source_row_number BIGINT, code VARCHAR)',
  );
  await engine.run(
    'CREATE OR REPLACE TEMP TABLE stays (source_file_id VARCHAR, source_row_number BIGINT, event VARCHAR)',
  );
  await createRepeats(engine, contract);
  if (input.files.length === 0) {
    await engine.run('CREATE OR REPLACE TEMP TABLE superseded (nothing INTEGER)');
    return { excluded: 0, superseded: 0, repeats: 0 };
  }
  if (input.hasPrior) await excludeCondemned(input);
  if (input.retriedSince !== undefined)
    await engine.run(
      `INSERT INTO excluded SELECT source_file_id, source_row_number, 'DUPLICATE' FROM (${input.retriedSince}) ANTI JOIN excluded USING (source_file_id, source_row_number)`,
    );
  const keys = keyColumns(contract).map(identifier).join(', ');
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE superseded AS SELECT ${keys} FROM (${tableRowsSql(table, [])})`,
  );
  for await (const candidates of input.findCandidates(input)) {
    if (knowsRepeats(contract)) await findRepeats(input, candidates);
    else {
      await excludeWithin(input, candidates);
      await compareWithBase(input, candidates);
    }
  }
  const [row = {}] = await engine.rows(
    'SELECT (SELECT count(*) FROM excluded) AS excluded, (SELECT count(*) FROM superseded) AS superseded, (SELECT count(*) FROM repeats) AS repeats',
  );
  return {
    excluded: integerOf(row, 'excluded'),
    superseded: integerOf(row, 'superseded'),
    repeats: integerOf(row, 'repeats'),
  };
}

/**
 * Tells repeats from duplicates. The base comes first, since its rows stay. Where later records replace earlier ones,
 * the run comes first: it decides which values count.
 */
async function findRepeats(input: ExclusionInput, candidates: Candidates): Promise<void> {
  const { engine, contract } = input;
  const { fresh, standing, among } = candidates;
  const search = { engine, contract, fresh, standing };
  const within = placeOf('records', input.order);
  if (isByRecord(contract)) return repeatRecords({ ...search, ...within, among: among ?? 'false' });
  if (isOfEvents(contract)) return judgeEvents({ ...search, ...within, among, contract });
  await repeatBase(search);
  if (contract.duplicates !== 'replace') await compareWithBase(input, candidates);
  else if (input.order.isBaseLater) await excludeReplaced(input, candidates);
  if (among !== undefined) await judgeWithin(search, { ...within, among });
  if (contract.duplicates === 'replace') await supersedeBase(input, candidates);
}

async function excludeCondemned({ engine, held, files }: ExclusionInput): Promise<void> {
  const [row] = await engine.rows('SELECT count(*) > 0 AS some FROM prior WHERE condemned');
  if (row?.some !== true) return;
  for (const batch of held.batches(files))
    await engine.run(
      `INSERT INTO excluded SELECT source_file_id, source_row_number, 'PREVIOUSLY_CONDEMNED'
       FROM ${readParquet(await held.paths(batch))} WHERE row_hash IN (SELECT row_hash FROM prior WHERE condemned)`,
    );
}

/** Of several records of the run with one key one stays: that which came first, or where the contract says replace last. */
async function excludeWithin(
  { engine, contract, order }: ExclusionInput,
  { fresh, among }: Candidates,
): Promise<void> {
  if (among === undefined) return;
  const direction = contract.duplicates === 'replace' ? 'DESC' : 'ASC';
  const { joins, place } = placeOf('records', order);
  await engine.run(
    `INSERT INTO excluded SELECT source_file_id, source_row_number, 'DUPLICATE' FROM (
       SELECT records.source_file_id, records.source_row_number,
         row_number() OVER (PARTITION BY ${contract.key.map((key) => `records.${identifier(key)}`).join(', ')}
           ORDER BY ${place} ${direction}, records.source_row_number ${direction}) AS nth
       FROM ${fresh} AS records ${joins}
       WHERE ${among}
         AND NOT EXISTS (SELECT 1 FROM excluded WHERE excluded.source_file_id = records.source_file_id AND excluded.source_row_number = records.source_row_number)
     ) WHERE nth > 1`,
  );
}

async function compareWithBase(input: ExclusionInput, candidates: Candidates): Promise<void> {
  const { engine, contract, order } = input;
  if (contract.duplicates === 'replace') {
    if (order.isBaseLater) await excludeReplaced(input, candidates);
    return supersedeBase(input, candidates);
  }
  const { fresh, standing } = candidates;
  if (standing === undefined) return;
  await engine.run(
    `INSERT INTO excluded SELECT source_file_id, source_row_number, 'DUPLICATE' FROM ${fresh} AS new
     WHERE EXISTS (SELECT 1 FROM ${standing} AS old WHERE ${sameKey(contract)}) AND NOT ${isLeftOut('new')}`,
  );
}

/** Records of the run give way to those of the base that came later. */
async function excludeReplaced(
  { engine, contract, order }: ExclusionInput,
  { fresh, standing }: Candidates,
): Promise<void> {
  if (standing === undefined) return;
  const [mine, theirs] = [placeOf('new', order), placeOf('old', order)];
  await engine.run(
    `INSERT INTO excluded SELECT DISTINCT new.source_file_id, new.source_row_number, 'DUPLICATE'
     FROM ${fresh} AS new JOIN ${standing} AS old ON ${sameKey(contract)} ${mine.joins} ${theirs.joins}
     WHERE ${theirs.place} > ${mine.place} AND NOT ${isLeftOut('new')}`,
  );
}

/** Rows of the base give way to those of the run. */
async function supersedeBase(
  { engine, contract }: ExclusionInput,
  { fresh, standing }: Candidates,
): Promise<void> {
  if (standing === undefined) return;
  const keys = contract.key.map(identifier).join(', ');
  await engine.run(
    `INSERT INTO superseded SELECT DISTINCT ${keys} FROM ${fresh} AS new WHERE EXISTS (SELECT 1 FROM ${standing} AS old WHERE ${sameKey(contract)}) AND NOT ${isLeftOut('new')}`,
  );
}

/** When a row of the base (`old`) has the key of one of the run (`new`). */
function sameKey({ key }: SourceContract): string {
  return key
    .map((name) => `old.${identifier(name)} IS NOT DISTINCT FROM new.${identifier(name)}`)
    .join(' AND ');
}

/** The condition under which a row of a Silver file gives way to a new one. */
export function supersededSql(contract: SourceContract): string {
  const same = contract.key.map(
    (key) => `superseded.${identifier(key)} IS NOT DISTINCT FROM old.${identifier(key)}`,
  );
  return `EXISTS (SELECT 1 FROM superseded WHERE ${same.join(' AND ')})`;
}

/** Makes the table `left_out` (source_file_id, source_row_number): each place of the run whose row doesn't go to Silver, once. */
export async function loadLeftOut(engine: Engine): Promise<void> {
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE left_out AS SELECT source_file_id, source_row_number FROM excluded
     UNION SELECT source_file_id, source_row_number FROM repeats`,
  );
}

/** The condition under which a row (`old`) of the run's Silver files is left out; needs `left_out`. */
export const LEFT_OUT_SQL =
  'EXISTS (SELECT 1 FROM left_out WHERE left_out.source_file_id = old.source_file_id AND left_out.source_row_number = old.source_row_number)';
