import { z } from 'zod';
import { csvLines, jsonLines, jsonlLines, type Lines } from '../../etl/answers/text.ts';
import { workbookOf } from '../../etl/answers/xlsx.ts';
import { ConfigError } from '../../etl/errors.ts';
import type { QueryAnswer } from '../../etl/query/answer.ts';
import { parseAsOf } from '../../etl/query/as-of.ts';
import { jsonValue } from '../../etl/query/json-value.ts';
import type { Identity } from '../identity/identity.ts';
import { readerOf } from '../identity/reader.ts';
import type { AskedQuery, QueryState } from '../queries/desk.ts';
import type { Service } from '../service.ts';
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

/** POST /v1/query. */
export const askQuery = route({
  method: 'post',
  path: '/v1/query',
  permission: 'sql.ask',
  tag: 'SQL',
  summary: 'Answers one SELECT over the tables that you may read, or says where its answer will be',
  body: z.strictObject({
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
  }),
  answer: Query,
  isUnderWay: ({ state }) => state === 'running',
  async handle({ body: { sql, asOf, limit, waitSeconds }, identity }, { queries }) {
    const when = asOf === undefined ? ({ kind: 'now' } as const) : parseAsOf(asOf);
    const asked = queries.ask({ sql, asOf: when, reader: readerOf(identity) }, identity.name);
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
    const asked = requireQuery(params.queryId, identity, service);
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

const FORMATS = {
  csv: 'text/csv; charset=utf-8; header=present',
  json: 'application/json',
  jsonl: 'application/x-ndjson',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  parquet: 'application/vnd.apache.parquet',
} as const;

/** GET /v1/queries/{queryId}/file. */
export const downloadQuery = fileRoute({
  path: '/v1/queries/{queryId}/file',
  permission: 'sql.ask',
  tag: 'SQL',
  summary: 'All rows of an answer of yours as a file',
  params: QUERY,
  query: z.strictObject({ format: z.enum(['csv', 'json', 'jsonl', 'xlsx', 'parquet']).default('csv') }),
  formats: FORMATS,
  async handle({ params, query: { format }, identity }, service) {
    const asked = requireQuery(params.queryId, identity, service);
    const state = await asked.state(0);
    if (state.kind === 'running')
      throw new ConfigError('NOT_ANSWERED', 'The query still runs: ask for its file once it is answered.');
    if (state.kind === 'failed') throw state.error;
    return {
      name: `answer.${format}`,
      type: FORMATS[format],
      bytes: await bytesOf(state.answer, format, asked),
    };
  },
});

/** Throws ConfigError `NO_QUERY` where there is none of this person. */
function requireQuery(id: string, identity: Identity, { queries }: Pick<Service, 'queries'>): AskedQuery {
  const asked = queries.find(id, identity.name);
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

async function bytesOf(
  answer: QueryAnswer,
  format: keyof typeof FORMATS,
  asked: AskedQuery,
): Promise<AsyncIterable<Uint8Array>> {
  if (format === 'xlsx') return (await workbookOf(answer)).bytes;
  if (format === 'parquet') return await asked.parquet();
  return encoded({ csv: csvLines, json: jsonLines, jsonl: jsonlLines }[format](answer));
}

async function* encoded(lines: Lines): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for await (const block of lines) yield encoder.encode(`${block}\n`);
}
