import { setTimeout as sleep } from 'node:timers/promises';
import {
  AthenaClient,
  type ColumnInfo,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  GetWorkGroupCommand,
  type QueryExecution,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { ConfigError, DataError, messageOf, TransientError } from '../../etl/errors.ts';
import { type Doing, inAws, isNamed } from './aws-errors.ts';
import { CLIENT_CONFIG } from './client-config.ts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;

/** Where queries run. */
export interface AthenaPlace {
  /** Workgroups to ask in: the first that the caller may use. */
  readonly workgroups: readonly string[];
  /** What the names of the Glue databases begin with. */
  readonly databasePrefix: string;
}

/** A row as Athena gives it: texts, NULL as null. */
export type AthenaRow = readonly (string | null)[];

/** An answered query. */
export interface AthenaResult {
  readonly columns: readonly ColumnInfo[];
  /** The bytes that Athena read and bills. */
  readonly scannedBytes: number;
  /** The rows in order, a page at a time. */
  pages(): AsyncGenerator<readonly AthenaRow[]>;
}

/**
 * Runs a query in the first workgroup that the caller may use, and waits for its end; `stopped` cancels it. Throws ConfigError `SQL` for what Athena
 * refuses, `SCAN_LIMIT` where it would read more than the workgroup allows, `QUERY_STOPPED`, and those of `awsError`.
 */
export async function runAthenaQuery(
  sql: string,
  { workgroups }: Pick<AthenaPlace, 'workgroups'>,
  stopped: AbortSignal,
): Promise<AthenaResult> {
  const athena = new AthenaClient(CLIENT_CONFIG);
  const { id, workgroup } = await startInFirst(athena, sql, workgroups);
  const execution = await ended(athena, { id, workgroup, stopped });
  return await resultOf(athena, { id, workgroup }, execution);
}

/** A query of a workgroup. */
export interface AthenaQueryId {
  readonly id: string;
  readonly workgroup: string;
}

/** Its result, or undefined while it runs; throws as `runAthenaQuery` does where it failed. */
export async function athenaResult(
  athena: AthenaClient,
  query: AthenaQueryId,
): Promise<{ readonly result: AthenaResult; readonly tookMs: number } | undefined> {
  const execution = await endOf(athena, query);
  if (execution === undefined) return undefined;
  const tookMs = execution.Statistics?.TotalExecutionTimeInMillis ?? 0;
  return { result: await resultOf(athena, query, execution), tookMs };
}

async function resultOf(
  athena: AthenaClient,
  { id, workgroup }: AthenaQueryId,
  { Statistics, StatementType }: QueryExecution,
): Promise<AthenaResult> {
  const doing = doingWith(workgroup, 'reading the answer of a query', 'athena:GetQueryResults');
  const page = (NextToken?: string) =>
    inAws(doing, () => athena.send(new GetQueryResultsCommand({ QueryExecutionId: id, NextToken })));
  const first = await page();
  return {
    columns: first.ResultSet?.ResultSetMetadata?.ColumnInfo ?? [],
    scannedBytes: Statistics?.DataScannedInBytes ?? 0,
    async *pages() {
      // The first row of a query's answer is its header.
      let skipped = StatementType === 'DML' ? 1 : 0;
      for (let found = first; ; found = await page(found.NextToken)) {
        const rows = (found.ResultSet?.Rows ?? []).slice(skipped);
        skipped = 0;
        yield rows.map(({ Data = [] }) => Data.map(({ VarCharValue }) => VarCharValue ?? null));
        if (found.NextToken === undefined) return;
      }
    },
  };
}

function doingWith(workgroup: string, doing: string, action: string): Doing {
  return { doing: `${doing} in workgroup ${workgroup}`, needs: `${action} on workgroup ${workgroup}` };
}

async function startInFirst(
  athena: AthenaClient,
  sql: string,
  [workgroup = '', ...others]: readonly string[],
): Promise<{ readonly id: string; readonly workgroup: string }> {
  try {
    return { id: await startAthenaQuery(athena, sql, { workgroup }), workgroup };
  } catch (error) {
    const isDenied = error instanceof ConfigError && error.code === 'AWS_DENIED';
    if (!isDenied || others.length === 0) throw error;
    return await startInFirst(athena, sql, others);
  }
}

/**
 * Starts a query in a workgroup, and returns its id; throws ConfigError `SQL` for what Athena refuses at once. With a token
 * of 32 to 128 signs the same query is started once, and its id is returned again.
 */
export async function startAthenaQuery(
  athena: AthenaClient,
  QueryString: string,
  {
    workgroup: WorkGroup,
    token: ClientRequestToken,
  }: { readonly workgroup: string; readonly token?: string },
): Promise<string> {
  const doing = doingWith(WorkGroup, 'starting a query', 'athena:StartQueryExecution');
  return await inAws(doing, async () => {
    try {
      const { QueryExecutionId = '' } = await athena.send(
        new StartQueryExecutionCommand({ QueryString, WorkGroup, ClientRequestToken }),
      );
      return QueryExecutionId;
    } catch (error) {
      if (!isNamed(error, 'InvalidRequestException')) throw error;
      const message = messageOf(error);
      if (!/work ?group/i.test(message)) throw refused(message, error);
      throw new ConfigError('AWS_MISSING', `${message} (workgroup ${WorkGroup}): deploy the stack again.`, {
        cause: error,
      });
    }
  });
}

interface Waiting {
  readonly id: string;
  readonly workgroup: string;
  readonly stopped: AbortSignal;
}

async function ended(athena: AthenaClient, { stopped, ...query }: Waiting): Promise<QueryExecution> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS)) {
    if (stopped.aborted) {
      await stopAthenaQuery(athena, query.id);
      throw new ConfigError('QUERY_STOPPED', 'The query was stopped.');
    }
    const execution = await endOf(athena, query);
    if (execution !== undefined) return execution;
    await sleep(pauseMs, undefined, { signal: stopped }).catch(() => undefined);
  }
}

/** Waits for the end of a query, and leaves it to itself where that takes longer: undefined. Throws as `runAthenaQuery` does where it failed. */
export async function endedAthenaQuery(
  athena: AthenaClient,
  query: AthenaQueryId,
  patienceMs: number,
): Promise<QueryExecution | undefined> {
  const until = performance.now() + patienceMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS)) {
    const execution = await endOf(athena, query);
    if (execution !== undefined || performance.now() > until) return execution;
    await sleep(pauseMs);
  }
}

/** Stops a query; one that has ended stays as it is. */
export async function stopAthenaQuery(athena: AthenaClient, id: string): Promise<void> {
  await athena.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
}

/** How a query ended; undefined while it runs. */
async function endOf(
  athena: AthenaClient,
  { id, workgroup }: AthenaQueryId,
): Promise<QueryExecution | undefined> {
  const doing = doingWith(workgroup, 'waiting for a query', 'athena:GetQueryExecution');
  const { QueryExecution = {} } = await inAws(doing, () =>
    athena.send(new GetQueryExecutionCommand({ QueryExecutionId: id })),
  );
  const state = QueryExecution.Status?.State;
  if (state === 'SUCCEEDED') return QueryExecution;
  if (state === 'FAILED' || state === 'CANCELLED') throw await failure(athena, workgroup, QueryExecution);
  return undefined;
}

/** Athena's categories of errors: 1 is its own fault, 2 the query's, 3 anything else's. */
const BY_QUERY = 2;

async function failure(
  athena: AthenaClient,
  workgroup: string,
  { Status, Statistics, QueryExecutionId = '' }: QueryExecution,
): Promise<Error> {
  const reason = Status?.StateChangeReason ?? `it ended as ${Status?.State}, without a reason`;
  const { ErrorCategory, Retryable } = Status?.AthenaError ?? {};
  const details = { context: { query: QueryExecutionId, workgroup } };
  if (/bytes scanned limit/i.test(reason)) {
    const limit = await scanLimit(athena, workgroup);
    const scanned = Statistics?.DataScannedInBytes ?? 0;
    return new ConfigError(
      'SCAN_LIMIT',
      `The query was stopped: it would read more than ${limit ?? 'the number of'} bytes, which is what workgroup ${workgroup} allows (it had read ${scanned}). Ask for fewer columns, or for some months only (WHERE on the partition column).`,
      details,
    );
  }
  if (/access ?denied|not authorized|insufficient permissions|insufficient lake formation/i.test(reason)) {
    return new ConfigError('AWS_DENIED', `Athena was denied access for you: ${reason}`, details);
  }
  if (Retryable === true)
    return new TransientError('AWS_UNAVAILABLE', `The query failed: ${reason}`, details);
  if (Status?.State === 'CANCELLED')
    return new ConfigError('QUERY_STOPPED', `The query was stopped: ${reason}`, details);
  if (ErrorCategory === BY_QUERY || ErrorCategory === undefined) return refused(reason);
  return new DataError('QUERY_FAILED', `The query failed: ${reason}`, details);
}

async function scanLimit(athena: AthenaClient, workgroup: string): Promise<number | undefined> {
  try {
    const { WorkGroup } = await athena.send(new GetWorkGroupCommand({ WorkGroup: workgroup }));
    return WorkGroup?.Configuration?.BytesScannedCutoffPerQuery;
  } catch {
    return undefined; // The limit's size is a courtesy; that it was met is the news.
  }
}

function refused(message: string, cause?: unknown): ConfigError {
  return new ConfigError(
    'SQL',
    `Athena can't answer the SQL. ${message}\nAthena speaks Trino's SQL; '--engine local' takes DuckDB's, as embedded.`,
    { cause },
  );
}
