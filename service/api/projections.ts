import { z } from 'zod';
import { isProjection, requireProjection } from '../../etl/asking/require-projection.ts';
import type { ProjectionContract } from '../../etl/contract/contract.ts';
import { loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { tableName } from '../../etl/naming/datasets.ts';
import type { Effects } from '../../etl/ports.ts';
import { readPointer } from '../../etl/table/pointer.ts';
import { readerOf } from '../identity/reader.ts';
import { noteProductRead } from '../products/note-product-read.ts';
import { STREAM_QUERY, streamOf } from '../projections/stream-of.ts';
import { Next, PAGE_QUERY, pageOf } from './paging.ts';
import { route } from './route.ts';

const Projection = z.object({
  projection: z.string(),
  table: z.string().meta({ description: 'as SQL names it' }),
  version: z.string(),
  owner: z.string(),
  description: z.string(),
  input: z.string().meta({ description: 'the event dataset that it is folded from' }),
  fold: z.string().meta({ description: "'code', or the name of a fold that ships" }),
  key: z.array(z.string()).meta({ description: 'the columns of its key; the first names the stream' }),
  publishedAt: z.string().nullable(),
  snapshotId: z.int().nullable(),
});

async function projectionOf(
  effects: Effects,
  contract: ProjectionContract,
): Promise<z.input<typeof Projection>> {
  const { dataset, version, owner, description, inputs, fold, key } = contract;
  const pointer = (await readPointer(effects.objects, 'projection', dataset))?.pointer;
  return {
    projection: dataset,
    table: tableName('projection', dataset),
    ...{ version, owner, description, input: inputs[0], fold: fold.kind, key: [...key] },
    publishedAt: pointer?.committed_at ?? null,
    snapshotId: pointer?.snapshot_id ?? null,
  };
}

/** GET /v1/projections. */
export const listProjections = route({
  method: 'get',
  path: '/v1/projections',
  permission: 'catalogue.read',
  tag: 'Projections',
  summary: 'What is folded from events, by name',
  query: z.strictObject(PAGE_QUERY),
  answer: z.object({ projections: z.array(Projection), next: Next }),
  async handle({ query }, { lake: { effects } }) {
    const all = [...(await loadContracts(effects.contracts)).contracts.values()].filter(isProjection);
    const { page, next } = pageOf(all, ({ dataset }) => dataset, query);
    return { projections: await Promise.all(page.map((one) => projectionOf(effects, one))), next };
  },
});

const NAME = z.strictObject({ projection: z.string().meta({ description: 'e.g. shop.order_state' }) });

/** GET /v1/projections/{projection}. */
export const showProjection = route({
  method: 'get',
  path: '/v1/projections/{projection}',
  permission: 'catalogue.read',
  tag: 'Projections',
  summary: 'A projection: what it is folded from, and what readers see',
  params: NAME,
  answer: Projection,
  async handle({ params }, { lake: { effects } }) {
    const all = await loadContracts(effects.contracts);
    return await projectionOf(effects, requireProjection(requireContract(all, params.projection)));
  },
});

const Values = z.record(z.string(), z.unknown());

const Stream = z.object({
  projection: z.string(),
  stream: z.string(),
  state: z
    .unknown()
    .meta({ description: 'what the fold came to; null where no event counts, or where it is hidden' }),
  rows: z.array(Values).meta({ description: "the projection's rows of the stream" }),
  version: z.string().nullable().meta({ description: 'of the last event that counts' }),
  at: z.string().nullable().meta({ description: 'when that one happened' }),
  events: z.int().meta({ description: 'how many were folded' }),
  asOf: z.object({
    snapshot: z.int().nullable().meta({ description: 'null where nothing of the projection was published' }),
    silverSnapshot: z.int(),
    since: z.string().meta({ description: 'when readers first saw this' }),
    code: z.string().meta({ description: 'digest of the contract and the code of then' }),
    from: z.enum(['snapshot', 'kept', 'read-again']).meta({
      description:
        "where the events were found: their snapshot; the rows that are kept of it; or 'read-again', what later runs made of some of the files",
    }),
  }),
  isStateHidden: z.boolean().meta({
    description: 'whether the state is left out, since values went into it that you may not see',
  }),
  trace: z
    .array(
      z.object({
        id: z.string().nullable(),
        type: z.string().nullable(),
        version: z.string().nullable(),
        at: z.string().nullable(),
        data: Values,
        state: z.unknown(),
        rows: z.array(Values),
      }),
    )
    .exactOptional()
    .meta({ description: 'the events in their order, each with what the stream came to with it' }),
});

/** Events of a trace at most. */
const MOST_TRACED = 1000;

/** GET /v1/projections/{projection}/streams/{stream}. */
export const showStream = route({
  method: 'get',
  path: '/v1/projections/{projection}/streams/{stream}',
  permission: 'silver.read',
  tag: 'Projections',
  summary: 'The state of a stream, at a moment of its events, as known at a moment',
  params: NAME.extend({ stream: z.string() }),
  query: z.strictObject({
    ...STREAM_QUERY,
    trace: z.coerce
      .number()
      .int()
      .min(0)
      .max(MOST_TRACED)
      .default(0)
      .meta({ description: `so many of the last events are told, ${MOST_TRACED} at most` }),
  }),
  answer: Stream,
  async handle({ params, query: { trace, ...when }, identity }, service) {
    const reader = readerOf(identity);
    const { trace: told, ...found } = await streamOf(service.lake.effects, reader, {
      ...params,
      ...when,
      traced: trace,
    });
    await noteProductRead(service, { identity, way: 'api' }, { dataset: found.projection });
    const events = told?.map((event) => ({ ...event, rows: [...event.rows] }));
    return { ...found, rows: [...found.rows], ...(events === undefined ? {} : { trace: events }) };
  },
});
