import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { EngineApart, OpenEngineApart } from '../../etl/engine/engine-apart.ts';
import { type AssayError, ConfigError, TransientError } from '../../etl/errors.ts';
import type { Effects, Scratch } from '../../etl/ports.ts';
import type { QueryAnswer } from '../../etl/query/answer.ts';
import { type Question, runQuery } from '../../etl/query/run-query.ts';
import { spare } from './spare.ts';

/** How a query stands. */
export type QueryState =
  | { readonly kind: 'running' }
  | { readonly kind: 'answered'; readonly answer: QueryAnswer; readonly tookMs: number }
  | { readonly kind: 'failed'; readonly error: unknown };

/** A query that somebody asked. */
export interface AskedQuery {
  readonly id: string;
  readonly question: Question;
  readonly askedAt: Date;
  /** Its status after at most so many milliseconds. */
  state(waitMs: number): Promise<QueryState>;
  /** Its answer as a Parquet file; rejects where it failed. */
  parquet(): Promise<AsyncIterable<Uint8Array>>;
}

/** Where people's SQL is answered: a few at a time, each apart and for a bounded time, its answer kept for a while. */
export interface QueryDesk {
  /** Begins to answer. Throws TransientError `QUERIES_BUSY` where as many run as may. */
  ask(question: Question, by: string): Promise<AskedQuery>;
  /** A query of this person that runs or whose answer is kept; looking at it keeps it longer. */
  find(id: string, by: string): Promise<AskedQuery | undefined>;
  /** What this person asked last, newest first, also where the answer was let go. */
  recent(by: string): Promise<readonly AskedBefore[]>;
  /** Stops it and lets its answer go; false where there is none. */
  cancel(id: string, by: string): Promise<boolean>;
  /** Ends all. */
  close(): Promise<void>;
}

/** A question that was asked before. */
export type AskedBefore = Pick<AskedQuery, 'id' | 'question' | 'askedAt'>;

/** How many questions of a person are remembered. */
const REMEMBERED = 20;

/** What a desk needs, and how much it may take. */
export interface DeskOptions {
  readonly effects: Effects;
  readonly openEngine: OpenEngineApart;
  /** Queries that run or are kept at one time, of all people; each is a process. */
  readonly atOnce: number;
  /** How long one may run. */
  readonly deadlineMs: number;
  /** How long an answer is kept after somebody looked at it last. */
  readonly keptMs: number;
}

interface Entry extends AskedQuery {
  readonly by: string;
  /** Undefined while it runs. */
  settled: Exclude<QueryState, { kind: 'running' }> | undefined;
  lookedMs: number;
  end(why: AssayError): Promise<void>;
}

/** Opens a desk. */
export function openDesk(options: DeskOptions): QueryDesk {
  const { effects, atOnce, keptMs } = options;
  const entries = new Map<string, Entry>();
  const asked = new Map<string, readonly AskedBefore[]>();
  const engines = spare(options.openEngine);
  const nowMs = (): number => effects.clock.now().getTime();
  const remove = async (entry: Entry, why: AssayError): Promise<void> => {
    entries.delete(entry.id);
    await entry.end(why);
  };
  const sweep = setInterval(() => {
    for (const entry of entries.values())
      if (entry.settled !== undefined && nowMs() - entry.lookedMs > keptMs) void remove(entry, STOPPED());
  }, keptMs / 4);
  sweep.unref();
  const find = (id: string, by: string): Entry | undefined => {
    const entry = entries.get(id);
    if (entry?.by !== by) return undefined;
    entry.lookedMs = nowMs();
    return entry;
  };
  return {
    ask: async (question, by) => {
      makeRoom([...entries.values()], atOnce, (entry) => void remove(entry, STOPPED()));
      const entry = begin(question, by, { ...options, engines });
      entries.set(entry.id, entry);
      const { id, askedAt } = entry;
      asked.set(by, [{ id, question, askedAt }, ...(asked.get(by) ?? [])].slice(0, REMEMBERED));
      return entry;
    },
    find: async (id, by) => find(id, by),
    recent: async (by) => asked.get(by) ?? [],
    cancel: async (id, by) => {
      const entry = find(id, by);
      if (entry !== undefined) await remove(entry, STOPPED());
      return entry !== undefined;
    },
    close: async () => {
      clearInterval(sweep);
      await Promise.all([...entries.values()].map((entry) => remove(entry, STOPPED())));
      await engines.close();
    },
  };
}

const STOPPED = (): ConfigError => new ConfigError('QUERY_STOPPED', 'The query was stopped.');

/** Lets the answer go that nobody has looked at for longest; what runs stays. */
function makeRoom(entries: readonly Entry[], atOnce: number, remove: (entry: Entry) => void): void {
  if (entries.length < atOnce) return;
  const [oldest] = entries
    .filter(({ settled }) => settled !== undefined)
    .sort((one, other) => one.lookedMs - other.lookedMs);
  if (oldest === undefined)
    throw new TransientError(
      'QUERIES_BUSY',
      `${atOnce} queries run already, and more would starve each other: ask again when one has ended.`,
    );
  remove(oldest);
}

interface Beginning extends DeskOptions {
  readonly engines: { take(): Promise<EngineApart> };
}

function begin(question: Question, by: string, { effects, deadlineMs, engines }: Beginning): Entry {
  const askedAt = effects.clock.now();
  const opened = engines.take();
  const end = async (why: AssayError): Promise<void> => {
    const apart = await opened.catch(() => undefined);
    apart?.end(why);
    await apart?.dispose();
  };
  const late = setTimeout(() => {
    const message = `The query ran for ${deadlineMs / 1000} s, which is as long as one may: ask for fewer rows, or filter earlier.`;
    void opened.then((apart) => apart.end(new ConfigError('QUERY_TIME', message))).catch(() => undefined);
  }, deadlineMs);
  const entry: Entry = {
    id: randomUUID(),
    question,
    askedAt,
    by,
    settled: undefined,
    lookedMs: askedAt.getTime(),
    end,
    state: (waitMs) => Promise.race([work, after(waitMs)]),
    parquet: async () => {
      if (question.reveal !== undefined) throw staysInMemory();
      const state = await work;
      if (state.kind !== 'answered') throw state.kind === 'failed' ? state.error : STOPPED();
      return await parquetOf(state.answer, (await opened).scratch);
    },
  };
  const settle = (settled: NonNullable<Entry['settled']>): QueryState => {
    clearTimeout(late);
    entry.settled = settled;
    entry.lookedMs = effects.clock.now().getTime();
    return settled;
  };
  const work: Promise<QueryState> = opened
    .then(({ engine }) => runQuery(engine, effects, question))
    .then((answer) =>
      settle({ kind: 'answered', answer, tookMs: effects.clock.now().getTime() - askedAt.getTime() }),
    )
    .catch(async (error: unknown) => {
      const state = settle({ kind: 'failed', error });
      await opened.then((apart) => apart.dispose()).catch(() => undefined);
      return state;
    });
  return entry;
}

const staysInMemory = (): ConfigError =>
  new ConfigError(
    'STAYS_IN_MEMORY',
    'The answer has values that were revealed, and a Parquet file would have them on the disk: choose csv, xlsx, json or jsonl.',
  );

async function parquetOf(answer: QueryAnswer, scratch: Scratch): Promise<AsyncIterable<Uint8Array>> {
  const file = path.join(scratch.directory, `${randomUUID()}.parquet`);
  await answer.writeParquet(file);
  return removedAfter(scratch, file);
}

async function* removedAfter(scratch: Scratch, file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* scratch.read(file);
  } finally {
    await scratch.remove(file);
  }
}

function after(waitMs: number): Promise<QueryState> {
  return new Promise((resolve) => setTimeout(() => resolve({ kind: 'running' }), waitMs).unref());
}
