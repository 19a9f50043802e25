import { z } from 'zod';
import { csvLines, jsonLines, jsonlLines } from '../../etl/answers/text.ts';
import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { ConfigError } from '../../etl/errors.ts';
import { parseAsOf } from '../../etl/query/as-of.ts';
import { sinceMonth, untilMonth } from '../../etl/query/month-filters.ts';
import { openPageAnswer, type PageAnswer } from '../../etl/query/page-answer.ts';
import { publishedContract } from '../../etl/stages/kept-contracts.ts';
import { atOnce } from '../http/at-once.ts';
import { wantedType } from '../http/media-type.ts';
import { readerOf } from '../identity/reader.ts';
import { noteProductRead } from '../products/note-product-read.ts';
import { columnFilters, columnOrder } from './column-filters.ts';
import { heldBytes } from './held-bytes.ts';
import { fileRoute } from './route.ts';

const FORMATS = {
  json: 'application/json',
  csv: 'text/csv; charset=utf-8; header=present',
  jsonl: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
} as const;
type Format = keyof typeof FORMATS;

/** Rows of a page of JSON unless said; files have all rows. */
const PAGE_ROWS = 1000;

/** Each has an engine of its own. */
const enter = atOnce(4);

/** GET /v1/data/{dataset}. */
export const readData = fileRoute({
  path: '/v1/data/{dataset}',
  permission: 'gold.read',
  tag: 'Reports',
  summary:
    "Rows of a Gold table, or of a dataset's Silver, as JSON, CSV, JSON Lines or Parquet. Other parameters are conditions on columns: payer=ACME, amount.gte=5 (eq, in, lt, lte, gt, gte, isNull, contains, startsWith)",
  params: z.strictObject({ dataset: z.string().meta({ description: 'e.g. spend.monthly_totals' }) }),
  query: z
    .object({
      month: z
        .string()
        .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'is no month: write e.g. 2024-03')
        .exactOptional(),
      asOf: z
        .string()
        .min(1)
        .max(40)
        .exactOptional()
        .meta({ description: 'a time, or the id of a snapshot' }),
      limit: z.coerce
        .number()
        .int()
        .min(1)
        .max(1_000_000)
        .exactOptional()
        .meta({
          description: `at most so many rows; ${PAGE_ROWS} as JSON and all of them in the other formats unless said`,
        }),
      cursor: z.string().min(1).max(8000).exactOptional().meta({
        description: "where to go on: the 'next' of the page before, or that of its Link header",
      }),
      order: z
        .string()
        .max(400)
        .exactOptional()
        .meta({ description: 'columns, each with - for the greatest first' }),
      format: z.enum(['json', 'csv', 'jsonl', 'parquet']).exactOptional().meta({
        description: 'else what the Accept header wants',
      }),
    })
    .catchall(z.string().max(20_000)),
  formats: FORMATS,
  async handle({ params: { dataset }, query, identity, accept }, service) {
    const { effects } = service.lake;
    const { month, asOf, limit, cursor, order, format: named, ...conditions } = query;
    const format = named ?? formatOf(accept);
    const reader = readerOf(identity);
    const written = requireContract(await loadContracts(effects.contracts), dataset);
    const contract = await publishedContract(effects.objects, written);
    const { layer, partitionColumn: at } = contract;
    if (!reader.schemas.has(layer))
      throw new ConfigError('NOT_PERMITTED', `${identity.name} may not read the records behind reports.`);
    const inMonth = month === undefined ? [] : [sinceMonth(at, month), untilMonth(at, month)];
    const leave = await enter();
    try {
      const page = await openPageAnswer(effects, {
        ...{ contract, layer, reader, cursor },
        filters: [...inMonth, ...columnFilters(conditions)],
        order: columnOrder(order),
        asOf: asOf === undefined ? { kind: 'now' } : parseAsOf(asOf),
        limit: limit ?? (format === 'json' ? PAGE_ROWS : undefined),
      });
      await noteProductRead(service, { identity, way: 'api' }, { dataset });
      return {
        name: `${dataset}.${format}`,
        type: FORMATS[format],
        headers: headersOf(page, dataset, query),
        bytes: heldBytes(await bytesOf(page, format), async () => {
          leave();
          await page.close();
        }),
      };
    } catch (error) {
      leave();
      throw error;
    }
  },
});

/** Throws ConfigError `NOT_ACCEPTABLE` where there is no format that is wanted. */
function formatOf(accept: string | undefined): Format {
  const format = wantedType(accept, FORMATS);
  if (format !== undefined) return format;
  const types = Object.values(FORMATS).map((type) => type.split(';')[0]);
  throw new ConfigError(
    'NOT_ACCEPTABLE',
    `There is no '${accept}': accept ${types.join(', ')}, or say format=${Object.keys(FORMATS).join(' or ')}.`,
  );
}

function headersOf(
  { next, snapshotId }: PageAnswer,
  dataset: string,
  query: Readonly<Record<string, string | number>>,
): Record<string, string> {
  const given = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);
  const more = new URLSearchParams([...given.filter(([name]) => name !== 'cursor'), ['cursor', next ?? '']]);
  return {
    ...(snapshotId === null ? {} : { 'Assay-Snapshot': String(snapshotId) }),
    ...(next === undefined ? {} : { Link: `</v1/data/${dataset}?${more}>; rel="next"` }),
    // The same address has several forms.
    Vary: 'Accept',
  };
}

async function bytesOf(page: PageAnswer, format: Format): Promise<AsyncIterable<Uint8Array>> {
  if (format === 'parquet') return await page.parquet();
  if (format === 'json') return encoded(jsonPage(page));
  return encoded((format === 'csv' ? csvLines : jsonlLines)(page.answer));
}

/** An object with the rows of a page, one a line, and what there is to say of it. */
async function* jsonPage({ table, snapshotId, answer, next }: PageAnswer): AsyncGenerator<string> {
  const columns = answer.columns.map(({ name, type }) => ({ name, type }));
  const head = JSON.stringify({ table, snapshotId, next: next ?? null, columns });
  yield `${head.slice(0, -1)},"rows":`;
  yield* jsonLines(answer);
  yield '}';
}

async function* encoded(lines: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for await (const block of lines) yield encoder.encode(`${block}\n`);
}
