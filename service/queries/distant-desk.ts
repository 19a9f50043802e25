import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ConfigError } from '../../etl/errors.ts';
import type { Clock, Tickets } from '../../etl/ports.ts';
import type { QueryAnswer } from '../../etl/query/answer.ts';
import type { Question } from '../../etl/query/run-query.ts';
import type { AskedBefore, AskedQuery, QueryDesk, QueryState } from './desk.ts';

/** An answer that was fetched. */
export interface FetchedAnswer {
  readonly answer: QueryAnswer;
  readonly tookMs: number;
  /** Its rows as a Parquet file. */
  parquet(): Promise<AsyncIterable<Uint8Array>>;
}

/** Where queries run, in another place than this process. */
export interface QuerySite {
  /** Starts to answer, and returns the query's id; throws ConfigError `SQL` or `NO_TABLE` for what is refused at once. */
  start(question: Question): Promise<string>;
  /** Its answer, or undefined while it runs; throws what it failed with. */
  look(id: string, question: Question): Promise<FetchedAnswer | undefined>;
  stop(id: string): Promise<void>;
}

/** What a desk of distant queries stands on. */
export interface DistantDeskOptions {
  readonly site: QuerySite;
  readonly tickets: Tickets;
  readonly clock: Clock;
  /** How long a query may run. */
  readonly deadlineMs: number;
  /** How long it is known who asked it. */
  readonly keptMs: number;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2000;
const REMEMBERED = 20;

const texts = z.array(z.string());
const Kept = z.object({
  id: z.string(),
  by: z.string(),
  sql: z.string(),
  askedAt: z.iso.datetime(),
  asOf: z.custom<Question['asOf']>((value) => typeof value === 'object' && value !== null),
  reader: z.object({ schemas: texts, ops: texts, hidden: texts }).optional(),
});
type Kept = z.infer<typeof Kept>;

/** Queries that run elsewhere, by whichever process of the service they were asked: who asked is kept in tickets. */
export function distantDesk(options: DistantDeskOptions): QueryDesk {
  const { site, tickets, clock, keptMs } = options;
  const until = (): Date => new Date(clock.now().getTime() + keptMs);
  const read = async (id: string, by: string): Promise<AskedQuery | undefined> => {
    const text = await tickets.get(keyOf(id));
    const kept = text === undefined ? undefined : Kept.parse(JSON.parse(text));
    return kept?.by === by ? askedQuery(kept, options) : undefined;
  };
  const recent = async (by: string): Promise<readonly Kept[]> => {
    const text = await tickets.get(historyOf(by));
    return text === undefined ? [] : z.array(Kept).parse(JSON.parse(text));
  };
  return {
    async ask(question, by) {
      if (question.reveal !== undefined) throw revealsElsewhere();
      const id = await site.start(question);
      const kept = keptOf({ id, by, question, askedAt: clock.now() });
      await tickets.put(keyOf(id), JSON.stringify(kept), until());
      const before = (await recent(by)).slice(0, REMEMBERED - 1);
      await tickets.put(historyOf(by), JSON.stringify([{ ...kept, reader: undefined }, ...before]), until());
      return askedQuery(kept, options);
    },
    find: read,
    recent: async (by) => (await recent(by)).map(beforeOf),
    async cancel(id, by) {
      if ((await read(id, by)) === undefined) return false;
      await site.stop(id);
      await tickets.take(keyOf(id));
      return true;
    },
    close: async () => undefined,
  };
}

const keyOf = (id: string): string => `query ${id}`;
const historyOf = (by: string): string => `queries of ${by}`;

function keptOf({ id, by, question, askedAt }: AskedBefore & { readonly by: string }): Kept {
  const { sql, asOf, reader } = question;
  return {
    ...{ id, by, sql, asOf, askedAt: askedAt.toISOString() },
    ...(reader === undefined
      ? {}
      : { reader: { schemas: [...reader.schemas], ops: [...reader.ops], hidden: [...reader.hidden] } }),
  };
}

function beforeOf({ id, sql, asOf, askedAt, reader }: Kept): AskedBefore {
  return {
    id,
    askedAt: new Date(askedAt),
    question: {
      sql,
      asOf,
      ...(reader === undefined ? {} : { reader: readerOf(reader) }),
    },
  };
}

/** As it was when the question was asked: only this module writes it. */
function readerOf({ schemas, ops, hidden }: NonNullable<Kept['reader']>): NonNullable<Question['reader']> {
  const [one, two, three]: readonly ReadonlySet<string>[] = [new Set(schemas), new Set(ops), new Set(hidden)];
  return { schemas: one, ops: two, hidden: three } as NonNullable<Question['reader']>;
}

function askedQuery(kept: Kept, { site, clock, deadlineMs }: DistantDeskOptions): AskedQuery {
  const before = beforeOf(kept);
  const { id, question, askedAt } = before;
  const lateMs = askedAt.getTime() + deadlineMs;
  const fetched = async (waitMs: number): Promise<FetchedAnswer | undefined> => {
    const untilMs = clock.now().getTime() + waitMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS)) {
      const found = await site.look(id, question);
      const nowMs = clock.now().getTime();
      if (found === undefined && nowMs > lateMs) {
        await site.stop(id);
        throw tooLong(deadlineMs);
      }
      if (found !== undefined || nowMs + pauseMs > untilMs) return found;
      await sleep(pauseMs);
    }
  };
  return {
    ...before,
    async state(waitMs): Promise<QueryState> {
      try {
        const found = await fetched(waitMs);
        return found === undefined ? { kind: 'running' } : { ...found, kind: 'answered' };
      } catch (error) {
        return { kind: 'failed', error };
      }
    },
    async parquet() {
      const found = await fetched(0);
      if (found === undefined) throw new ConfigError('NOT_ANSWERED', 'The query still runs.');
      return await found.parquet();
    },
  };
}

const revealsElsewhere = (): ConfigError =>
  new ConfigError(
    'REVEALS_ELSEWHERE',
    'SQL is answered by Athena here, which has no keys and reveals nothing: ask by the command, assay query --target aws --engine local --reveal GROUP --reason TEXT.',
  );

const tooLong = (deadlineMs: number): ConfigError =>
  new ConfigError(
    'QUERY_TIME',
    `The query ran for ${deadlineMs / 1000} s, which is as long as one may: ask for fewer rows, or filter earlier.`,
  );
