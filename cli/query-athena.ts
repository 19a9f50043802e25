import { loadAnswer } from '../adapters/aws/athena-answer.ts';
import { catalogSql } from '../adapters/aws/athena-catalog.ts';
import { type AthenaPlace, type AthenaResult, runAthenaQuery } from '../adapters/aws/athena-query.ts';
import { athenaSql, type KnownTables, readRequest, tablesIn } from '../adapters/aws/athena-sql.ts';
import { knownTables, snapshotsAsOf } from '../adapters/aws/athena-tables.ts';
import type { Contract } from '../etl/contract/contract.ts';
import { loadContracts } from '../etl/contract/load-contracts.ts';
import { withEngine } from '../etl/engine/engine.ts';
import type { Effects } from '../etl/ports.ts';
import { answerOf, type QueryAnswer } from '../etl/query/answer.ts';
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

interface Asking {
  readonly effects: Effects;
  readonly athena: AthenaPlace;
}

/**
 * Answers a question by Athena, and prints on stderr what it read and cost. Ctrl-C stops the query. Questions about the
 * tables themselves are answered from contracts, and cost nothing.
 */
export async function askAthena(
  { effects, athena }: Asking,
  { sql, asOf }: AthenaQuestion,
  {
    io,
    print,
  }: { readonly io: Io; readonly print: (answer: QueryAnswer, scratchDirectory: string) => Promise<void> },
): Promise<void> {
  const contracts = [...(await loadContracts(effects.contracts)).contracts.values()];
  const known = knownTables(contracts, athena.databasePrefix);
  const request = readRequest(sql, known);
  const result =
    request.kind === 'query'
      ? await askRows({ effects, athena }, { sql: request.sql, asOf, contracts, known }, io)
      : await catalogSql(effects, request);
  const scratch = await effects.openScratch('query');
  try {
    await withEngine(effects.engine, `${scratch.directory}/spill`, async (engine) => {
      const answer =
        typeof result === 'string'
          ? await answerOf(engine, result)
          : await loadAnswer(engine, scratch, result);
      await print(answer, scratch.directory);
    });
  } finally {
    await scratch.dispose();
  }
}

interface RowsQuestion extends AthenaQuestion {
  readonly contracts: readonly Contract[];
  readonly known: KnownTables;
}

async function askRows(
  { effects, athena }: Asking,
  { sql, asOf, contracts, known }: RowsQuestion,
  io: Io,
): Promise<AthenaResult> {
  const names = tablesIn(sql, known);
  const snapshots = await snapshotsAsOf(effects.objects, contracts, { names, asOf });
  const stop = new AbortController();
  const ignore = io.onInterrupt(() => stop.abort());
  try {
    const result = await runAthenaQuery(athenaSql(sql, known, snapshots), athena, stop.signal);
    io.err(costText(result.scannedBytes));
    return result;
  } finally {
    ignore();
  }
}

function costText(scannedBytes: number): string {
  if (scannedBytes === 0) return 'Athena read no data.';
  const dollars = (Math.max(scannedBytes, LEAST_BYTES) / TB) * PRICE_PER_TB;
  return `Athena read ${size(scannedBytes)}: about ${dollars.toFixed(5)} US dollars.`;
}
