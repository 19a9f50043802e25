import type { GoldContract, InputConsent } from '../contract/contract.ts';
import type { Engine } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { tableName } from '../naming/datasets.ts';

/**
 * SELECT of the subjects (`who`) whose latest state consents, from a table of states. Of several states of one moment each
 * must consent.
 */
export function consentingSql({ subject, column, at }: InputConsent['states'], from: string): string {
  const [who, agreed, moment] = [subject, column, at].map(identifier);
  return `SELECT who FROM (
      SELECT ${who} AS who, ${agreed} AS agreed, rank() OVER (PARTITION BY ${who} ORDER BY ${moment} DESC) AS nth
      FROM ${from} WHERE ${who} IS NOT NULL
    ) WHERE nth = 1 GROUP BY who HAVING bool_and(coalesce(agreed, false))`;
}

/**
 * Does work while the views of the inputs show only records of subjects who consent to the table's purpose; all records
 * where it has none.
 */
export async function withConsenting<T>(
  engine: Engine,
  { consents = [] }: GoldContract,
  work: () => Promise<T>,
): Promise<T> {
  if (consents.length === 0) return await work();
  const names = [...new Set(consents.flatMap(({ input, states }) => [input, states.dataset]))].map(viewOf);
  for (const { name, all } of names) await rename(engine, name, all);
  try {
    for (const { name, whole, dataset } of names) {
      const own = consents.find(({ input }) => input === dataset);
      const restricted = own === undefined ? '' : ` WHERE ${consentsSql(own)}`;
      await engine.run(`CREATE VIEW ${name} AS SELECT * FROM ${whole}${restricted}`);
    }
    return await work();
  } finally {
    for (const { name, whole, table } of names) {
      await engine.run(`DROP VIEW IF EXISTS ${name}`);
      await rename(engine, whole, table);
    }
  }
}

/** Whether a table is restricted by the states in an input: all of them count, whatever months its SQL reads. */
export const hasStates = ({ consents = [] }: GoldContract, input: string): boolean =>
  consents.some(({ states }) => states.dataset === input);

const consentsSql = ({ subject, states }: InputConsent): string =>
  `${identifier(subject)} IN (${consentingSql(states, viewOf(states.dataset).whole)})`;

/** A view's name, and the one under which it stands meanwhile; SQL can't name that, since no table of a lake has a `$`. */
function viewOf(dataset: string) {
  const [schema = '', table = ''] = tableName('silver', dataset).split('.').map(identifier);
  const all = identifier(`${tableName('silver', dataset).split('.')[1]}$all`);
  return { dataset, table, all, name: `${schema}.${table}`, whole: `${schema}.${all}` };
}

const rename = (engine: Engine, from: string, to: string): Promise<void> =>
  engine.run(`ALTER VIEW ${from} RENAME TO ${to}`);
