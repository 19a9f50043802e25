import { z } from 'zod';
import { accessPerson } from '../../etl/personal/access/access-person.ts';
import { approveForgetting, refuseForgetting } from '../../etl/personal/forgetting/approve-forgetting.ts';
import { askForgetting, previewForgetting } from '../../etl/personal/forgetting/ask-forgetting.ts';
import { Certificate, Refusal } from '../../etl/personal/forgetting/documents.ts';
import type { ShownRequest } from '../../etl/personal/forgetting/show-requests.ts';
import { type MappedColumn, privacyMap } from '../../etl/personal/privacy-map.ts';
import { seenRequest, seenRequests } from '../privacy/seen-requests.ts';
import { Next, PAGE_QUERY, pageOf } from './paging.ts';
import { REASON } from './quarantine-decisions.ts';
import { route } from './route.ts';

const TAG = 'Privacy';

const ProtectedColumn = z.object({
  dataset: z.string(),
  layer: z.enum(['silver', 'gold', 'projection']),
  layers: z.array(z.string()).meta({ description: 'where its values or envelopes stand' }),
  column: z.string(),
  as: z.enum(['encrypted', 'pseudonym', 'dropped', 'clear', 'unprotected']),
  group: z.string().nullable().meta({ description: 'the data group whose people may see its values' }),
  subject: z.object({ column: z.string(), kind: z.string() }).nullable(),
  retention: z.string().nullable().meta({ description: 'how long its values stay readable' }),
  countedFrom: z.string().nullable().meta({ description: 'the column that this counts from' }),
  readable: z.string().meta({ description: 'who can read the values, and how' }),
  months: z
    .object({ first: z.string(), last: z.string(), count: z.int() })
    .nullable()
    .meta({ description: 'months of which the vault has a key' }),
  from: z.array(z.string()).meta({ description: 'of a Gold column: what its values come from' }),
});

/** GET /v1/privacy/columns. */
export const listProtected = route({
  method: 'get',
  path: '/v1/privacy/columns',
  permission: 'privacy.read',
  tag: TAG,
  summary:
    'Every column of which a contract says how it is protected: where, in which data group, for how long',
  query: z.strictObject(PAGE_QUERY),
  answer: z.object({ columns: z.array(ProtectedColumn), next: Next }),
  async handle({ query }, { lake: { effects } }) {
    const nameOf = ({ dataset, column }: MappedColumn): string => `${dataset} ${column}`;
    const all = (await privacyMap(effects)).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    const { page, next } = pageOf(all, nameOf, query);
    return { columns: page.map((one) => ({ ...one, layers: [...one.layers], from: [...one.from] })), next };
  },
});

const Word = Certificate.shape.asked;

const AskedRequest = z.object({
  state: z.literal('asked'),
  request: z.string(),
  kind: z.string(),
  asked: Word,
  subjects: z
    .array(z.string())
    .meta({ description: 'the ids of whom it is about, for who may decide; none where the keys are gone' }),
});

const answered = (one: ShownRequest): z.input<typeof AnyRequest> =>
  one.state === 'asked' ? { ...one, subjects: [...one.subjects] } : one;

const AnyRequest = z.discriminatedUnion('state', [AskedRequest, Certificate, Refusal]);

/** GET /v1/privacy/requests. */
export const listForgetting = route({
  method: 'get',
  path: '/v1/privacy/requests',
  permission: 'privacy.read',
  tag: TAG,
  summary:
    'The requests to forget somebody: those that wait, those that were refused, and the certificates of those done',
  query: z.strictObject(PAGE_QUERY),
  answer: z.object({ requests: z.array(AnyRequest), next: Next }),
  async handle({ query, identity }, service) {
    const all = [...(await seenRequests(identity, service))].reverse();
    const { page, next } = pageOf(all, ({ request }) => request, query);
    return { requests: page.map(answered), next };
  },
});

const REQUEST = z.strictObject({
  request: z.string().regex(/^[\w-]{1,80}$/, 'is no id of a request'),
});

/** GET /v1/privacy/requests/{request}. */
export const showForgetting = route({
  method: 'get',
  path: '/v1/privacy/requests/{request}',
  permission: 'privacy.read',
  tag: TAG,
  summary: 'One of them',
  params: REQUEST,
  answer: AnyRequest,
  handle: async ({ params, identity }, service) =>
    answered(await seenRequest(identity, service, params.request)),
});

/** Somebody, by the id that the source gave them: in a body, since addresses are kept in logs. */
const SUBJECT = {
  kind: z.string().min(1).max(200).meta({ description: 'whose id it is, as contracts say, e.g. customer' }),
  id: z.string().trim().min(1).max(1000),
};

/** POST /v1/privacy/preview. */
export const previewForget = route({
  method: 'post',
  path: '/v1/privacy/preview',
  permission: 'privacy.decide',
  tag: TAG,
  summary: 'What forgetting somebody would make unreadable, and what would still be there: nothing is done',
  body: z.strictObject(SUBJECT),
  answer: z.object({
    state: z.literal('dry-run'),
    kind: z.string(),
    groups: z.array(z.string()),
    datasets: z.array(
      z.object({ dataset: z.string(), columns: z.array(z.string()), clearColumns: z.array(z.string()) }),
    ),
    records: z.array(
      z.object({
        dataset: z.string(),
        layer: z.string(),
        sourceFile: z.string(),
        sourceRowNumber: z.int().nullable(),
      }),
    ),
    persons: z.union([z.literal(1), z.literal(2)]),
    forgottenAt: z.string().nullable(),
  }),
  async handle({ body }, { lake: { effects } }) {
    const { records, groups, datasets, ...preview } = await previewForgetting(effects, body);
    const places = records.map(({ dataset, layer, sourceFile, sourceRowNumber }) => ({
      ...{ dataset, layer, sourceFile, sourceRowNumber },
    }));
    const lost = datasets.map(({ dataset, columns, clearColumns }) => ({
      ...{ dataset, columns: [...columns], clearColumns: [...clearColumns] },
    }));
    return { ...preview, groups: [...groups], datasets: lost, records: places };
  },
});

/** POST /v1/privacy/requests. */
export const askForget = route({
  method: 'post',
  path: '/v1/privacy/requests',
  permission: 'privacy.decide',
  tag: TAG,
  summary:
    'Asks for somebody to be forgotten; another person approves it, unless the lake is set so that one is enough',
  body: z.strictObject({ ...SUBJECT, reason: REASON }),
  answer: z.discriminatedUnion('state', [
    AskedRequest.pick({ state: true, request: true, kind: true }),
    Certificate,
  ]),
  async handle({ body: { reason, ...subject }, identity }, { lake: { effects } }) {
    const asked = await askForgetting(effects, subject, { by: identity.name, reason });
    return asked.state === 'forgotten' ? asked : { ...asked };
  },
});

/** POST /v1/privacy/requests/{request}/approve. */
export const approveForget = route({
  method: 'post',
  path: '/v1/privacy/requests/{request}/approve',
  permission: 'privacy.decide',
  tag: TAG,
  summary: 'Destroys the keys of whom somebody else asked to forget, and certifies it',
  params: REQUEST,
  body: z.strictObject({ reason: REASON }),
  answer: Certificate,
  handle: ({ params, body: { reason }, identity }, { lake: { effects } }) =>
    approveForgetting(effects, params.request, { by: identity.name, reason }),
});

/** POST /v1/privacy/requests/{request}/refuse. */
export const refuseForget = route({
  method: 'post',
  path: '/v1/privacy/requests/{request}/refuse',
  permission: 'privacy.decide',
  tag: TAG,
  summary: 'Refuses such a request, or takes back what one asked for: nothing goes',
  params: REQUEST,
  body: z.strictObject({ reason: REASON }),
  answer: Refusal,
  handle: ({ params, body: { reason }, identity }, { lake: { effects } }) =>
    refuseForgetting(effects, params.request, { by: identity.name, reason }),
});

/** POST /v1/privacy/access. */
export const accessPersonData = route({
  method: 'post',
  path: '/v1/privacy/access',
  permission: 'privacy.access',
  tag: TAG,
  summary:
    'Everything that is stored about a person, with lineage; that it was given out, to whom and why, is kept',
  body: z.strictObject({ ...SUBJECT, reason: REASON }),
  isSecret: true,
  answer: z.object({
    kind: z.string(),
    ids: z.array(z.string()),
    at: z.string(),
    by: z.string(),
    reason: z.string(),
    forgottenAt: z.string().nullable(),
    records: z.array(
      z.object({
        dataset: z.string(),
        layer: z.string(),
        sourceFile: z.string().nullable(),
        sourceFileId: z.string().nullable(),
        sourceRowNumber: z.int().nullable(),
        runId: z.string().nullable(),
        values: z.record(z.string(), z.unknown()),
        reasons: z.unknown(),
      }),
    ),
  }),
  async handle({ body: { reason, ...subject }, identity }, { lake: { effects } }) {
    const { ids, records, ...person } = await accessPerson(effects, subject, { by: identity.name, reason });
    return {
      ...person,
      ids: [...ids],
      records: records.map((one) => ({ ...one, values: { ...one.values } })),
    };
  },
});
