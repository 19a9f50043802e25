import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { AthenaClient } from '@aws-sdk/client-athena';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { openEngine } from '../../etl/engine/engine.ts';
import { ConfigError } from '../../etl/errors.ts';
import type { Effects, Scratch } from '../../etl/ports.ts';
import { answerOf, type QueryAnswer } from '../../etl/query/answer.ts';
import type { Question } from '../../etl/query/run-query.ts';
import { loadAnswer } from './athena-answer.ts';
import { catalogSql } from './athena-catalog.ts';
import {
  type AthenaResult,
  type AthenaRow,
  athenaResult,
  startAthenaQuery,
  stopAthenaQuery,
} from './athena-query.ts';
import { athenaReaderSql, guardedSql, tablesOfReader } from './athena-reader.ts';
import { type AthenaRequest, type KnownTables, readRequest, tablesIn } from './athena-sql.ts';
import { knownTables, snapshotsAsOf } from './athena-tables.ts';
import { CLIENT_CONFIG } from './client-config.ts';

/** Where people's SQL is answered on AWS. */
export interface AthenaSiteOptions {
  readonly effects: Effects;
  readonly workgroup: string;
  readonly databasePrefix: string;
}

/** Rows of one answer that are brought over; Athena's own limits are far beyond. */
const MOST_ROWS = 100_000;

/** Answers that are kept at one time: each is an engine with its rows. */
const MOST_KEPT = 2;

interface Loaded {
  readonly answer: QueryAnswer;
  readonly tookMs: number;
  parquet(): Promise<AsyncIterable<Uint8Array>>;
  dispose(): Promise<void>;
}

/** Athena as a place where questions of a reader are answered: over the tables that are there for them, and with masks. */
export function athenaSite(options: AthenaSiteOptions) {
  const athena = new AthenaClient(CLIENT_CONFIG);
  const { effects, workgroup } = options;
  const kept = new Map<string, Promise<Loaded>>();
  const keep = (id: string, loaded: Promise<Loaded>): Promise<Loaded> => {
    kept.set(id, loaded);
    loaded.catch(() => kept.delete(id));
    for (const [old, one] of kept) {
      if (kept.size <= MOST_KEPT) break;
      kept.delete(old);
      void one.then(({ dispose }) => dispose()).catch(() => undefined);
    }
    return loaded;
  };
  return {
    async start(question: Question): Promise<string> {
      const asked = await readQuestion(question, options);
      // Without Athena: what tables there are is known here.
      if (asked.request.kind !== 'query') return randomUUID();
      return await startAthenaQuery(athena, await asked.sql(asked.request.sql), { workgroup });
    },
    async look(id: string, question: Question): Promise<Loaded | undefined> {
      const known = kept.get(id);
      if (known !== undefined) return await known;
      const { request, tables } = await readQuestion(question, options);
      if (request.kind !== 'query') {
        const sql = await catalogSql(effects, request, tables);
        return await keep(
          id,
          load(effects, 0, (engine) => answerOf(engine, sql)),
        );
      }
      const found = await athenaResult(athena, { id, workgroup });
      if (found === undefined) return undefined;
      const { result, tookMs } = found;
      return await keep(
        id,
        load(effects, tookMs, (engine, scratch) => loadAnswer(engine, scratch, bounded(result))),
      );
    },
    stop: (id: string): Promise<void> => stopAthenaQuery(athena, id),
  };
}

interface ReadQuestion {
  readonly request: AthenaRequest;
  /** The tables that are there for the reader. */
  readonly tables: KnownTables;
  /** The query as Athena takes it. */
  sql(query: string): Promise<string>;
}

async function readQuestion(
  { sql: given, asOf, reader }: Question,
  { effects, databasePrefix }: AthenaSiteOptions,
): Promise<ReadQuestion> {
  if (reader === undefined) throw new RangeError('a question without a reader');
  const contracts = [...(await loadContracts(effects.contracts)).contracts.values()];
  const tables = tablesOfReader(knownTables(contracts, databasePrefix), reader);
  const request = readRequest(guardedSql(given, databasePrefix), tables);
  return {
    request,
    tables,
    async sql(query) {
      const names = tablesIn(query, tables);
      const snapshots = await snapshotsAsOf(effects.objects, contracts, { names, asOf });
      return athenaReaderSql(query, { reader, contracts, known: tables, databasePrefix, snapshots });
    },
  };
}

/** The result, up to a number of rows that a function can hold; throws ConfigError `TOO_MANY_ROWS` beyond. */
function bounded({ columns, pages }: AthenaResult): Pick<AthenaResult, 'columns' | 'pages'> {
  return {
    columns,
    async *pages(): AsyncGenerator<readonly AthenaRow[]> {
      let rows = 0;
      for await (const page of pages()) {
        rows += page.length;
        if (rows > MOST_ROWS)
          throw new ConfigError(
            'TOO_MANY_ROWS',
            `The answer has more than ${MOST_ROWS} rows, which are more than are shown here: ask for fewer, take the rows of a table from /v1/data, or ask Athena itself.`,
          );
        yield page;
      }
    },
  };
}

async function load(
  { engine: options, openScratch }: Effects,
  tookMs: number,
  fill: (engine: Awaited<ReturnType<typeof openEngine>>, scratch: Scratch) => Promise<QueryAnswer>,
): Promise<Loaded> {
  const scratch = await openScratch('query');
  const engine = await openEngine({ ...options, threads: 1 }, path.join(scratch.directory, 'spill'));
  const dispose = async (): Promise<void> => {
    engine.close();
    await scratch.dispose();
  };
  try {
    const answer = await fill(engine, scratch);
    const parquet = async (): Promise<AsyncIterable<Uint8Array>> => {
      const file = path.join(scratch.directory, `${randomUUID()}.parquet`);
      await answer.writeParquet(file);
      return scratch.read(file);
    };
    return { answer, tookMs, parquet, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
