import { createHash } from 'node:crypto';
import { AthenaClient } from '@aws-sdk/client-athena';
import { GlueClient } from '@aws-sdk/client-glue';
import { identifier, literal } from '../../etl/engine/sql.ts';
import { TransientError } from '../../etl/errors.ts';
import type { Clock, ObjectStore, SetAnswer, SetEngine, SetQuery } from '../../etl/ports.ts';
import type { TableColumn } from '../../etl/table/schema.ts';
import { athenaType } from './athena-catalog.ts';
import { endedAthenaQuery, startAthenaQuery } from './athena-query.ts';
import { registerInGlue } from './athena-temporary.ts';
import { CLIENT_CONFIG } from './client-config.ts';

/** Where Athena answers questions about sets: a workgroup, and a Glue database for tables that last as long as a question. */
export interface AthenaSets {
  readonly workgroup: string;
  readonly database: string;
}

/** Shorter than a function may run: a query that takes longer is waited for again by the next try, under the same token. */
const PATIENCE_MS = 10 * 60_000;
const SLOW = 'ATHENA_SLOW';
/** How often a question is begun anew that failed for a reason which may pass. */
const TRIES = 3;

/**
 * Has Athena answer, by `UNLOAD` into a folder of its own below `into`. Tables of the lake are tables in Glue meanwhile. A
 * repeat gets what was begun before, by its token. Throws TransientError `ATHENA_SLOW` where it takes longer than ten
 * minutes, and else as `runAthenaQuery` does.
 */
export function athenaEngine(
  place: AthenaSets,
  { objects, clock }: { readonly objects: ObjectStore; readonly clock: Clock },
): SetEngine {
  const athena = new AthenaClient(CLIENT_CONFIG);
  const glue = new GlueClient(CLIENT_CONFIG);
  return {
    name: 'athena',
    async select(query) {
      const tables = await registerInGlue({ glue, objects, database: place.database, clock }, query.tables);
      const folder = `${query.into}/${digestOf(query)}`;
      const unload = (attempt: number): Promise<SetAnswer> =>
        answerInto(athena, place, {
          objects,
          folder: `${folder}-${attempt}`,
          select: selectOf(query, tables.items),
        });
      let isRunning = false;
      try {
        return await tried(unload);
      } catch (error) {
        // What still runs needs them, and is asked for again.
        isRunning = error instanceof TransientError && error.code === SLOW;
        throw error;
      } finally {
        if (!isRunning) await tables.forget();
      }
    },
  };
}

/** One SELECT of the columns as they are to be stored, whose tables are those of Glue. */
function selectOf({ sql, columns }: SetQuery, items: string): string {
  return `WITH ${items} SELECT ${columns.map(stored).join(', ')} FROM (${sql}) AS answer`;
}

/** Hive's Parquet has no time with a zone, and none that is exact: those are stored as text. */
function stored({ name, type }: TableColumn): string {
  const column = identifier(name);
  const typed = `CAST(${column} AS ${athenaType(type)})`;
  if (type.kind !== 'timestamptz') return `${typed} AS ${column}`;
  return `replace(CAST(${typed} AT TIME ZONE 'UTC' AS varchar), ' UTC', '+00') AS ${column}`;
}

/** The same for the same question about the same tables. */
function digestOf({ token, sql, tables, columns }: SetQuery): string {
  return createHash('sha256')
    .update(JSON.stringify([token, sql, tables, columns]))
    .digest('hex')
    .slice(0, 24);
}

/** Tries some times what may pass; what was begun and isn't done yet is for the caller to ask for again. */
async function tried(unload: (attempt: number) => Promise<SetAnswer>): Promise<SetAnswer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await unload(attempt);
    } catch (error) {
      const isPassing = error instanceof TransientError && error.code === 'AWS_UNAVAILABLE';
      if (!isPassing || attempt === TRIES) throw error;
    }
  }
}

interface Unload {
  readonly objects: ObjectStore;
  readonly folder: string;
  readonly select: string;
}

async function answerInto(
  athena: AthenaClient,
  { workgroup }: AthenaSets,
  { objects, folder, select }: Unload,
): Promise<SetAnswer> {
  const sql = `UNLOAD (${select}) TO ${literal(`${objects.uri(folder)}/`)} WITH (format = 'PARQUET', compression = 'ZSTD')`;
  // With a token Athena begins a query once, however often it is asked to.
  const token = createHash('sha256').update(sql).digest('hex');
  const id = await startAthenaQuery(athena, sql, { workgroup, token });
  const { Statistics } = await endedInTime(athena, { id, workgroup });
  const keys = (await objects.list(`${folder}/`)).map(({ key }) => key);
  const readBytes = Statistics?.DataScannedInBytes;
  return { keys, ...(readBytes === undefined ? {} : { readBytes }) };
}

async function endedInTime(athena: AthenaClient, query: { readonly id: string; readonly workgroup: string }) {
  const execution = await endedAthenaQuery(athena, query, PATIENCE_MS);
  if (execution !== undefined) return execution;
  throw new TransientError(
    SLOW,
    `Query ${query.id} of workgroup ${query.workgroup} still runs after ${PATIENCE_MS / 60_000} minutes: it is waited for again.`,
    { context: { query: query.id, workgroup: query.workgroup } },
  );
}
