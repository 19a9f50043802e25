import { z } from 'zod';
import { foldAll } from '../asking/fold-all.ts';
import { openFold } from '../asking/open-fold.ts';
import { type EventMoment, parseAt } from '../asking/parse-at.ts';
import { isProjection } from '../asking/require-projection.ts';
import { jsonRows } from '../asking/shown-values.ts';
import type { ProjectionContract } from '../contract/contract.ts';
import { duckType } from '../contract/duck-type.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import type { Engine } from '../engine/engine.ts';
import { identifier, literal } from '../engine/sql.ts';
import { ConfigError } from '../errors.ts';
import { tableName } from '../naming/datasets.ts';
import type { Effects } from '../ports.ts';
import type { AsOf } from './as-of.ts';
import { isHiddenFrom, maskSql, type Reader } from './reader.ts';

/** What a call of a projection's table function ends in: `projection.shop_baskets_at('2024-05-06')`. */
const ENDING = '_at';

/** A projection at a moment of its events, as a query names it. */
export interface ProjectionCall {
  /** `projection.<domain>_<name>_at`, in lower case. */
  readonly name: string;
  /** Undefined where the argument is no text that stands there. */
  readonly at: string | undefined;
}

const Call = z.looseObject({
  function: z.looseObject({
    function_name: z.string(),
    schema: z.string(),
    children: z.array(
      z.looseObject({ class: z.string(), value: z.looseObject({ value: z.unknown() }).optional() }),
    ),
  }),
});

/** Every projection at a moment that the tree of a query names behind FROM. */
export function projectionCalls(tree: unknown): ProjectionCall[] {
  if (tree === null || typeof tree !== 'object') return [];
  const below = Object.values(tree).flatMap(projectionCalls);
  if (!('type' in tree && tree.type === 'TABLE_FUNCTION')) return below;
  const { data } = Call.safeParse(tree);
  const { schema = '', function_name: name = '', children = [] } = data?.function ?? {};
  if (schema.toLowerCase() !== 'projection' || !name.toLowerCase().endsWith(ENDING)) return below;
  const [argument] = children;
  const text = argument?.class === 'CONSTANT' && children.length === 1 ? argument.value?.value : undefined;
  const at = typeof text === 'string' ? text : undefined;
  return [{ name: `projection.${name.toLowerCase()}`, at }, ...below];
}

/** As of when, and for whom, the projections are folded. */
export interface CallsOf {
  readonly asOf: AsOf;
  readonly reader?: Reader | undefined;
}

/**
 * Makes the table functions there that a query calls: the rows of a projection at a moment of its events, folded out of
 * all events that had happened by then. Throws ConfigError `SQL` for a moment that doesn't stand there as text, and
 * `NO_TABLE` for a projection that isn't there.
 */
export async function createProjectionsAt(
  engine: Engine,
  effects: Effects,
  { calls, ...of }: CallsOf & { readonly calls: readonly ProjectionCall[] },
): Promise<void> {
  if (calls.length === 0) return;
  const contracts = [...(await loadContracts(effects.contracts)).contracts.values()].filter(isProjection);
  await engine.run('CREATE SCHEMA IF NOT EXISTS projection');
  for (const name of new Set(calls.map((call) => call.name))) {
    const contract = contracts.find(({ dataset }) => `${tableName('projection', dataset)}${ENDING}` === name);
    if (contract === undefined) throw noProjection(name, contracts);
    const texts = calls.filter((call) => call.name === name).map(({ at }) => at);
    const moments = [...new Set(texts)].map((at) => momentOf(name, at));
    await createOne(engine, effects, { ...of, contract, moments });
  }
}

function momentOf(name: string, at: string | undefined): EventMoment {
  if (at !== undefined) return parseAt(at);
  throw new ConfigError(
    'SQL',
    `The SQL calls ${name} with something else than a moment: write it there, e.g. ${name}('2024-05-06').`,
  );
}

function noProjection(name: string, contracts: readonly ProjectionContract[]): ConfigError {
  const known = contracts.map(({ dataset }) => `${tableName('projection', dataset)}${ENDING}`);
  return new ConfigError(
    'NO_TABLE',
    `There is no table function ${name}. ${known.length === 0 ? 'There are no projections.' : `There are: ${known.join(', ')}.`}`,
  );
}

interface One extends CallsOf {
  readonly contract: ProjectionContract;
  readonly moments: readonly EventMoment[];
}

/** A table of folded rows as JSON, and a function over it that gives them their types. */
async function createOne(engine: Engine, effects: Effects, one: One): Promise<void> {
  const { contract, moments, asOf, reader } = one;
  const table = `${contract.domain}_${contract.name}_folded`;
  // Rows are appended to a table of no other schema.
  await engine.run(`CREATE OR REPLACE TABLE main.${identifier(table)} (at$ VARCHAR, row$ VARCHAR)`);
  const fold = await openFold(effects, contract.dataset, asOf);
  try {
    for (const { text, reached } of moments) {
      const where = reached(identifier(fold.events.events.at));
      const { sql } = await fold.known(engine, where);
      for await (const streams of foldAll(engine, fold.worker, { contract: fold.events, events: sql }))
        await engine.append(
          table,
          streams.flatMap(({ stream, rows }) => jsonRows(contract, stream, rows).map((row) => [text, row])),
        );
    }
  } finally {
    await fold.worker.close();
  }
  const columns = contract.columns.map(({ name, type }) => {
    const value = `CAST(json_extract_string(row$, ${literal(`$.${JSON.stringify(name)}`)}) AS ${duckType(type)})`;
    const isHidden = isHiddenFrom(reader, contract, { layer: 'projection', column: name });
    return `${isHidden ? maskSql(value) : value} AS ${identifier(name)}`;
  });
  const [, name = ''] = tableName('projection', contract.dataset).split('.');
  await engine.run(
    `CREATE OR REPLACE MACRO projection.${identifier(`${name}${ENDING}`)}(moment) AS TABLE SELECT ${columns.join(', ')} FROM main.${identifier(table)} WHERE at$ = moment`,
  );
}
