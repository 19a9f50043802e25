import { z } from 'zod';
import { ConfigError } from '../../etl/errors.ts';
import { type AsOf, parseAsOf } from '../../etl/query/as-of.ts';
import { jsonValue } from '../../etl/query/json-value.ts';
import type { Identity } from '../identity/identity.ts';
import { askOpenly } from '../queries/ask-openly.ts';
import { askRevealing } from '../queries/ask-revealing.ts';
import type { AskedQuery, QueryState } from '../queries/desk.ts';
import { ownQuery } from '../queries/own-query.ts';
import type { Service } from '../service.ts';
import { ANSWER_FORMATS, AnswerFormat, answerBytes } from './answer-files.ts';
import { REASON } from './quarantine-decisions.ts';
import { fileRoute, route } from './route.ts';

/** How long an asker is kept waiting before the answer is fetched later, in seconds. */
const PATIENCE = 20;
const MOST_ROWS = 5000;

const Rows = z.coerce
  .number()
  .int()
  .min(1)
  .max(MOST_ROWS)
  .default(100)
  .meta({ description: 'at most so many rows' });

const QUERY = z.strictObject({ queryId: z.uuid() });

/** A query and, once it is answered, a page of its rows. */
const Query = z.object({
  id: z.uuid(),
  state: z.enum(['running', 'answered']),
  sql: z.string(),
  askedAt: z.iso.datetime(),
  tookMs: z.int().exactOptional(),
  columns: z.array(z.object({ name: z.string(), type: z.string() })).exactOptional(),
  rows: z
    .array(z.array(z.unknown()))
    .exactOptional()
    .meta({ description: 'decimals, and integers past 2^53, are text, so that nothing is rounded' }),
  rowCount: z.int().exactOptional().meta({ description: 'of the whole answer' }),
  from: z.int().exactOptional().meta({ description: 'position of the first of the rows' }),
});

const ASKED = z.strictObject({
  sql: z.string().min(1).max(100_000),
  asOf: z
    .string()
    .max(40)
    .exactOptional()
    .meta({ description: 'a snapshot id, or a time: 2024-05-01, 2024-05-01T12:00Z' }),
  limit: Rows,
  waitSeconds: z.number().min(0).max(PATIENCE).default(PATIENCE).meta({
    description: 'how long to wait for the answer before 202 says where it will be',
  }),
});

const momentOf = (asOf: string | undefined): AsOf => (asOf === undefined ? { kind: 'now' } : parseAsOf(asOf));

/** POST /v1/query. */
export const askQuery = route({
  method: 'post',
  path: '/v1/query',
  permission: 'sql.ask',
  tag: 'SQL',
  summary: 'Answers one SELECT over the tables that you may read, or says where its answer will be',
  body: ASKED,
  answer: Query,
  isUnderWay: ({ state }) => state === 'running',
  async handle({ body: { sql, asOf, limit, waitSeconds }, identity }, service) {
    const asked = await askOpenly(service, identity, { sql, asOf: momentOf(asOf) });
    return await shown(asked, await asked.state(waitSeconds * 1000), { from: 0, limit });
  },
});

/** POST /v1/query/reveal. */
export const askQueryRevealing = route({
  method: 'post',
  path: '/v1/query/reveal',
  permission: 'values.reveal',
  tag: 'SQL',
  summary:
    'As POST /v1/query, with the values of data groups that you are a member of in place of their envelopes; that they were seen is kept',
  body: ASKED.extend({
    groups: z.array(z.string().min(1).max(100)).min(1).max(20).meta({ description: 'data groups' }),
    reason: REASON,
  }),
  isSecret: true,
  answer: Query,
  isUnderWay: ({ state }) => state === 'running',
  async handle({ body: { limit, waitSeconds, asOf, ...asks }, identity }, service) {
    const asked = await askRevealing(service, identity, { ...asks, asOf: momentOf(asOf) });
    return await shown(asked, await asked.state(waitSeconds * 1000), { from: 0, limit });
  },
});

/** GET /v1/queries/{queryId}. */
export const showQuery = route({
  method: 'get',
  path: '/v1/queries/{queryId}',
  permission: 'sql.ask',
  tag: 'SQL',
  summary: 'A query of yours, and rows of its answer; an answer that nobody looks at goes after some minutes',
  params: QUERY,
  query: z.strictObject({
    from: z.coerce.number().int().min(0).default(0).meta({ description: 'position of the first row' }),
    limit: Rows,
  }),
  answer: Query,
  isUnderWay: ({ state }) => state === 'running',
  async handle({ params, query, identity }, service) {
    const asked = await requireQuery(params.queryId, identity, service);
    return await shown(asked, await asked.state(0), query);
  },
});

/** DELETE /v1/queries/{queryId}. */
export const cancelQuery = route({
  method: 'delete',
  path: '/v1/queries/{queryId}',
  permission: 'sql.ask',
  tag: 'SQL',
  summary: 'Stops a query of yours, and lets its answer go',
  params: QUERY,
  answer: z.object({ cancelled: z.boolean() }),
  handle: async ({ params, identity }, { queries }) => ({
    cancelled: await queries.cancel(params.queryId, identity.name),
  }),
});

/** GET /v1/queries/{queryId}/file. */
export const downloadQuery = fileRoute({
  path: '/v1/queries/{queryId}/file',
  permission: 'sql.ask',
  tag: 'SQL',
  summary: 'All rows of an answer of yours as a file',
  params: QUERY,
  query: z.strictObject({ format: AnswerFormat.default('csv') }),
  formats: ANSWER_FORMATS,
  async handle({ params, query: { format }, identity }, service) {
    const asked = await requireQuery(params.queryId, identity, service);
    const state = await asked.state(0);
    if (state.kind === 'running')
      throw new ConfigError('NOT_ANSWERED', 'The query still runs: ask for its file once it is answered.');
    if (state.kind === 'failed') throw state.error;
    return {
      name: `answer.${format}`,
      type: ANSWER_FORMATS[format],
      bytes: await answerBytes(state.answer, format, () => asked.parquet(), { name: 'answer' }),
    };
  },
});

/** Throws ConfigError `NO_QUERY` where there is none of this person. */
async function requireQuery(
  id: string,
  identity: Identity,
  service: Pick<Service, 'queries'>,
): Promise<AskedQuery> {
  const asked = await ownQuery(service, id, identity);
  if (asked !== undefined) return asked;
  throw new ConfigError(
    'NO_QUERY',
    `There is no query ${id} of yours, or its answer was let go because nobody looked at it: ask again.`,
  );
}

async function shown(
  { id, question: { sql }, askedAt }: AskedQuery,
  state: QueryState,
  { from, limit }: { readonly from: number; readonly limit: number },
): Promise<z.input<typeof Query>> {
  if (state.kind === 'failed') throw state.error;
  const known = { id, sql, askedAt: askedAt.toISOString() };
  if (state.kind === 'running') return { ...known, state: 'running' };
  const { columns, rowCount } = state.answer;
  const rows = (await state.answer.rows(from, from + limit)).map((row) =>
    columns.map((column, at) => jsonValue(row[at] ?? null, column)),
  );
  return { ...known, state: 'answered', tookMs: state.tookMs, columns: [...columns], rows, rowCount, from };
}
