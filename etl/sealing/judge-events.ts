import { identifier } from '../engine/sql.ts';
import { type EventContract, eventContentSql } from '../eventstore/event-order.ts';
import { measureByColumn, measureColumn, measureSql } from '../refining/rejects.ts';
import { isLeftOut, type RepeatSearch, type WithinRun } from './repeats.ts';

/** Where a run's events are judged, and among which of the base. */
export interface EventSearch extends RepeatSearch, Omit<WithinRun, 'among'> {
  readonly contract: EventContract;
  /** Condition under which an event (`records`) of the run may have the key of another one of it; undefined where none can. */
  readonly among: string | undefined;
}

/**
 * Judges events with one stream and version, of the run and of the base alike: the first by `eventOrderSql` stays. Those with
 * its values are repeats of it: the base's row where it has them, else the first that came. All others are duplicates: of
 * the run they go to `excluded`, and of the base to `superseded`, with their whole rows and the id that stays (`stays$`)
 * in the table `gave_way`. So the same events stay in whatever order they come.
 */
export async function judgeEvents(search: EventSearch): Promise<void> {
  const { engine, contract, standing } = search;
  if (!(await findContested(search))) return;
  await gatherContested(search);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE judged$ AS SELECT *, event$ = best_event$ AND content$ = best_content$ AS stays$ FROM (
       SELECT *, first_value(event$) OVER best$ AS best_event$, first_value(content$) OVER best$ AS best_content$,
         first_value(id$) OVER same$ AS twin$, first_value(row$) OVER same$ AS twin_row$, row_number() OVER same$ AS nth$
       FROM contest$ WINDOW best$ AS (PARTITION BY stream$, version$ ORDER BY event$, content$),
         same$ AS (PARTITION BY stream$, version$, event$, content$ ORDER BY is_base$ DESC, place$, row$)
     )`,
  );
  const names = contract.measures.map((_, n) => `, ${measureColumn(n)}, ${measureByColumn(n)}`).join('');
  await engine.run(
    `INSERT INTO repeats SELECT id$, row$, twin$, twin_row$${names} FROM judged$ WHERE NOT is_base$ AND stays$ AND nth$ > 1`,
  );
  await engine.run(
    `INSERT INTO excluded SELECT id$, row$, 'DUPLICATE' FROM judged$ WHERE NOT is_base$ AND NOT stays$`,
  );
  await engine.run(
    'INSERT INTO stays SELECT id$, row$, CAST(best_event$ AS VARCHAR) FROM judged$ WHERE NOT is_base$ AND NOT stays$',
  );
  if (standing !== undefined) await giveWay(search, standing);
  await engine.run('DROP TABLE judged$');
  await engine.run('DROP TABLE contest$');
}

/** A hash of stream and version: few keys are contested, and rows of others needn't be compared. */
function keyHash({ key }: EventContract, alias: string): string {
  return `hash(${key.map((name) => `${alias}.${identifier(name)}`).join(', ')})`;
}

/** Makes the table `contested` (h$) of keys that two events may have; whether there are any. Reads only stream and version. */
async function findContested({ engine, contract, fresh, standing, among }: EventSearch): Promise<boolean> {
  const selects = [
    ...(among === undefined
      ? []
      : [`SELECT DISTINCT ${keyHash(contract, 'records')} FROM ${fresh} AS records WHERE ${among}`]),
    ...(standing === undefined
      ? []
      : [
          `SELECT DISTINCT ${keyHash(contract, 'records')} FROM ${fresh} AS records
           WHERE ${keyHash(contract, 'records')} IN (SELECT ${keyHash(contract, 'old')} FROM ${standing} AS old)`,
        ]),
  ];
  if (selects.length === 0) return false;
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE contested AS SELECT h$ FROM (${selects.join(' UNION ')}) AS t(h$)`,
  );
  const [row] = await engine.rows('SELECT count(*) > 0 AS some FROM contested');
  return row?.some === true;
}

/** Makes the table `contest$`: every event with such a key, whether of the run or of the base. */
async function gatherContested({
  engine,
  contract,
  fresh,
  standing,
  joins,
  place,
}: EventSearch): Promise<void> {
  const { stream, version, id } = contract.events;
  const said = (alias: string): string =>
    `${alias}.source_file_id AS id$, ${alias}.source_row_number AS row$, ${alias}.${identifier(stream)} AS stream$, ${alias}.${identifier(version)} AS version$,
     ${alias}.${identifier(id)} AS event$, ${eventContentSql(contract, alias)} AS content$`;
  const measures = contract.measures.map((_, n) => {
    const { value, by } = measureSql(contract, n, 'records');
    return `, ${value} AS ${measureColumn(n)}, ${by} AS ${measureByColumn(n)}`;
  });
  const own = `SELECT ${said('records')}, false AS is_base$, ${place} AS place$${measures.join('')}
     FROM ${fresh} AS records ${joins} WHERE ${keyHash(contract, 'records')} IN (SELECT h$ FROM contested) AND NOT ${isLeftOut('records')}`;
  const base =
    standing === undefined
      ? ''
      : ` UNION ALL BY NAME SELECT ${said('old')}, true AS is_base$ FROM ${standing} AS old WHERE ${keyHash(contract, 'old')} IN (SELECT h$ FROM contested)`;
  await engine.run(`CREATE OR REPLACE TEMP TABLE contest$ AS ${own}${base}`);
}

/** Takes events out of the base. */
async function giveWay({ engine, contract }: EventSearch, standing: string): Promise<void> {
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE gave_way AS SELECT old.*, CAST(best_event$ AS VARCHAR) AS stays$
     FROM ${standing} AS old JOIN judged$ ON id$ = old.source_file_id AND row$ = old.source_row_number
     WHERE is_base$ AND NOT judged$.stays$`,
  );
  const keys = contract.key.map(identifier).join(', ');
  await engine.run(`INSERT INTO superseded SELECT ${keys} FROM gave_way`);
}
