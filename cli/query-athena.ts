import { loadAnswer } from '../adapters/aws/athena-answer.ts';
import { type AthenaPlace, type AthenaResult, runAthenaQuery } from '../adapters/aws/athena-query.ts';
import { type AthenaRequest, athenaSql, readRequest, tablesIn } from '../adapters/aws/athena-sql.ts';
import { knownTables, snapshotsAsOf } from '../adapters/aws/athena-tables.ts';
import { loadContracts } from '../etl/contract/load-contracts.ts';
import { withEngine } from '../etl/engine/engine.ts';
import { literal } from '../etl/engine/sql.ts';
import type { Effects } from '../etl/ports.ts';
import type { QueryAnswer } from '../etl/query/answer.ts';
import type { AsOf } from '../etl/query/as-of.ts';
import type { Io } from './io.ts';
import { size } from './print/format.ts';

/** What is asked, and when it is asked about. */
export interface AthenaQuestion {
  readonly sql: string;
  readonly asOf: AsOf;
}

/** US dollars for what Athena reads, and the least that it charges for (https://aws.amazon.com/athena/pricing). */
const PRICE_PER_TB = 5;
const TB = 1024 ** 4;
const LEAST_BYTES = 10 * 1024 ** 2;

/** Has Athena answer a question, hands the answer on, and says on stderr what it read and costs. Ctrl-C stops the query. */
export async function askAthena(
  { effects, athena }: { readonly effects: Effects; readonly athena: AthenaPlace },
  { sql, asOf }: AthenaQuestion,
  {
    io,
    print,
  }: { readonly io: Io; readonly print: (answer: QueryAnswer, scratchDirectory: string) => Promise<void> },
): Promise<void> {
  const contracts = [...(await loadContracts(effects.contracts)).contracts.values()];
  const known = knownTables(contracts, athena.databasePrefix);
  const request = readRequest(sql, known);
  const ask = async (text: string): Promise<AthenaResult> => {
    const stop = new AbortController();
    const ignore = io.onInterrupt(() => stop.abort());
    try {
      const result = await runAthenaQuery(text, athena, stop.signal);
      io.err(costText(result.scannedBytes));
      return result;
    } finally {
      ignore();
    }
  };
  const result = await answerTo(request, {
    names: [...known.keys()],
    ask,
    translate: async (text) => {
      const snapshots = await snapshotsAsOf(effects.objects, contracts, {
        names: tablesIn(text, known),
        asOf,
      });
      return athenaSql(text, known, snapshots);
    },
    columnsOf: (name) => {
      const { database = '', table = '' } = known.get(name) ?? {};
      return `SELECT column_name, data_type AS column_type FROM information_schema.columns
        WHERE table_schema = ${literal(database)} AND table_name = ${literal(table)} ORDER BY ordinal_position`;
    },
  });
  const scratch = await effects.openScratch('query');
  try {
    await withEngine(effects.engine, `${scratch.directory}/spill`, async (engine) =>
      print(await loadAnswer(engine, scratch, result), scratch.directory),
    );
  } finally {
    await scratch.dispose();
  }
}

interface Answering {
  readonly names: readonly string[];
  readonly ask: (sql: string) => Promise<AthenaResult>;
  readonly translate: (sql: string) => Promise<string>;
  readonly columnsOf: (table: string) => string;
}

async function answerTo(
  request: AthenaRequest,
  { names, ask, translate, columnsOf }: Answering,
): Promise<Pick<AthenaResult, 'columns' | 'pages'>> {
  if (request.kind === 'query') return await ask(await translate(request.sql));
  if (request.kind === 'describe') return await ask(columnsOf(request.table));
  return {
    columns: [{ Name: 'table_name', Type: 'varchar' }],
    async *pages() {
      yield names.map((name) => [name]);
    },
  };
}

function costText(scannedBytes: number): string {
  if (scannedBytes === 0) return 'Athena read no data.';
  const dollars = (Math.max(scannedBytes, LEAST_BYTES) / TB) * PRICE_PER_TB;
  return `Athena read ${size(scannedBytes)}: about ${dollars.toFixed(5)} US dollars.`;
}
