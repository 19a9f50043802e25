import { isOpen } from '../contract/open-columns.ts';
import { type Engine, integerOf, textOf } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import type { StreamGaps } from '../stages/documents.ts';
import type { EventContract } from './event-order.ts';

/** Streams that are named. */
const EXAMPLES = 5;

/** Where gaps are looked for. */
export interface GapSearch {
  readonly engine: Engine;
  readonly contract: EventContract;
  /** Table expression of events whose streams are looked at. */
  readonly touched: string;
  /** Table expression of all events of these streams, and maybe of others. */
  readonly all: string;
}

/**
 * Streams in which events are missing, of those with an event in some files: how many they are, how many events are
 * missing, and some examples with the first version that is missing, by stream, unless streams may not be shown. Versions
 * begin at 1, or where a stream has an earlier one, there. Undefined where nothing is missing, or versions have holes by nature.
 */
export async function findGaps({
  engine,
  contract,
  touched,
  all,
}: GapSearch): Promise<StreamGaps | undefined> {
  const { stream, version, contiguous } = contract.events;
  if (!contiguous) return undefined;
  const names = `${identifier(stream)} AS stream$, CAST(${identifier(version)} AS HUGEINT) AS version$`;
  const events = `(SELECT ${names} FROM ${all}) SEMI JOIN (SELECT ${identifier(stream)} AS stream$ FROM ${touched}) USING (stream$)`;
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE stream_gaps AS SELECT * FROM (
       SELECT stream$, max(version$) - least(min(version$), 1) + 1 - count(*) AS missing$ FROM ${events} GROUP BY stream$
     ) WHERE missing$ > 0`,
  );
  const [row = {}] = await engine.rows(
    `SELECT count(*) AS streams, ${asNumber('coalesce(sum(missing$), 0)')} AS missing FROM stream_gaps`,
  );
  const streams = integerOf(row, 'streams');
  if (streams === 0) return undefined;
  const column = contract.columns.find(({ name }) => name === stream);
  const examples = column !== undefined && isOpen(column) ? await findExamples(engine, events) : [];
  return { streams, missing: integerOf(row, 'missing'), examples };
}

/** A whole number, however large, as one that JavaScript holds. */
const asNumber = (sql: string): string => `CAST(least(${sql}, ${Number.MAX_SAFE_INTEGER}) AS BIGINT)`;

async function findExamples(engine: Engine, events: string): Promise<StreamGaps['examples']> {
  const rows = await engine.rows(
    `WITH some$ AS (SELECT * FROM stream_gaps ORDER BY stream$ LIMIT ${EXAMPLES}),
       steps$ AS (SELECT stream$, version$, lag(version$, 1, 0) OVER (PARTITION BY stream$ ORDER BY version$) AS before$ FROM (SELECT * FROM ${events}) SEMI JOIN some$ USING (stream$))
     SELECT CAST(stream$ AS VARCHAR) AS stream, ${asNumber('any_value(missing$)')} AS missing, CAST(min(before$ + 1) FILTER (version$ > before$ + 1) AS VARCHAR) AS first
     FROM steps$ JOIN some$ USING (stream$) GROUP BY stream$ ORDER BY stream$`,
  );
  return rows.map((row) => ({
    stream: textOf(row, 'stream'),
    missing: integerOf(row, 'missing'),
    firstMissing: textOf(row, 'first'),
  }));
}
