import type { QueryResult } from 'trino-client';
import { AssayError, ConfigError, TransientError } from '../../etl/errors.ts';
import { refusedByTrino, unansweredByTrino } from './trino-errors.ts';
import type { TrinoPlace } from './trino-place.ts';

/** How long one request may stay without an answer. Trino answers within a second, if only that it is at work. */
const PATIENCE_MS = 120_000;

/** A row as it comes: texts, NULL as null. */
export type TrinoRow = readonly (string | null)[];

/** What can be asked of a Trino. */
export interface TrinoSession {
  /** The rows of a query whose columns are all VARCHAR, a page at a time. */
  pages(sql: string): AsyncGenerator<readonly TrinoRow[]>;
  /** Runs a statement to its end. */
  run(sql: string): Promise<void>;
  /** Bytes that the queries so far read. */
  readBytes(): number;
}

/** Speaks to a Trino by its HTTP protocol; each call throws ConfigError or TransientError as trino-errors.ts says. */
export async function trinoSession(place: TrinoPlace): Promise<TrinoSession> {
  // Whoever asks no Trino doesn't pay for loading its client.
  const { BasicAuth, Trino } = await import('trino-client');
  const client = Trino.create({
    server: place.server,
    source: 'assay',
    catalog: place.catalog,
    schema: place.schema,
    extraHeaders: {
      'X-Trino-User': place.user,
      'X-Trino-Time-Zone': 'UTC',
      ...(place.proof?.kind === 'token' ? { Authorization: `Bearer ${place.proof.token}` } : {}),
    },
    ...(place.proof?.kind === 'password' ? { auth: new BasicAuth(place.user, place.proof.password) } : {}),
  });
  let readBytes = 0;
  const results = async function* (sql: string): AsyncGenerator<QueryResult> {
    const answers = await answered(place, client.query(sql));
    let last: QueryResult | undefined;
    try {
      for (;;) {
        const { value, done } = await answered(place, answers.next());
        last = checked(place, value);
        if (done === true) break;
        yield last;
      }
      readBytes += last.stats?.physicalInputBytes ?? 0;
      last = undefined;
    } finally {
      // Whoever stops in the middle leaves no query behind that goes on.
      if (last !== undefined) await client.cancel(last.id).catch(() => undefined);
    }
  };
  return {
    async *pages(sql) {
      for await (const { data } of results(sql)) if (data !== undefined) yield data.map(textsOf);
    },
    async run(sql) {
      for await (const _ of results(sql));
    },
    readBytes: () => readBytes,
  };
}

const textsOf = (row: readonly unknown[]): TrinoRow =>
  row.map((value) => (value === null || value === undefined ? null : String(value)));

/** The answer to one request; TransientError where none comes. */
async function answered<T>(place: TrinoPlace, asked: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([asked, late]);
  } catch (error) {
    throw error instanceof AssayError ? error : unansweredByTrino(place, error);
  } finally {
    clearTimeout(timer);
  }
}

function checked(place: TrinoPlace, result: QueryResult | string | undefined): QueryResult {
  if (typeof result !== 'object' || typeof result.id !== 'string')
    throw new ConfigError('TRINO_ADDRESS', `What answers at ${place.server} is no Trino: check --trino.`, {
      context: { trino: place.server },
    });
  if (result.error !== undefined) throw refusedByTrino(place, result.error, result.id);
  if (result.stats?.state === 'FAILED')
    throw new TransientError('TRINO_FAILED', `Query ${result.id} of Trino at ${place.server} failed.`);
  return result;
}
