import { z } from 'zod';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { ConfigError } from '../../etl/errors.ts';
import { isNarrowed } from '../../etl/quarantine/choose-records.ts';
import { ID_LENGTH } from '../../etl/quarantine/read-records.ts';
import { tryCorrected } from '../../etl/trying/try-corrected.ts';
import { etagOf, namesTag } from '../http/etag.ts';
import type { Identity } from '../identity/identity.ts';
import type { Choice } from '../quarantine/record-desk.ts';
import { CONDITIONS, type Conditions, filterOf, RECORD_ID } from '../quarantine/record-query.ts';
import { ListedRecord, listedFor, seenBy } from '../quarantine/shown-record.ts';
import { findRecord, wholeFor } from '../quarantine/whole-record.ts';
import { RunState } from '../runs/run-state.ts';
import type { Service } from '../service.ts';
import { DATASET } from './datasets.ts';
import { RECORD } from './quarantine.ts';
import { route } from './route.ts';

/** Why; it is kept with the decision. */
export const REASON = z.string().trim().min(1).max(2000).meta({ description: 'why; it is kept for good' });

/** POST /v1/datasets/{dataset}/quarantine/records/{record}/correct. */
export const correctRecord = route({
  method: 'post',
  path: '/v1/datasets/{dataset}/quarantine/records/{record}/correct',
  permission: 'quarantine.decide',
  tag: 'Quarantine',
  summary:
    'Keeps other values for an open record; the next retry tests it with them, and the record stays as it came',
  params: RECORD,
  body: z.strictObject({
    cells: z
      .record(z.string().min(1).max(200), z.string().max(100_000).nullable())
      .meta({ description: 'by column; null: no value' }),
    reason: REASON,
  }),
  answer: ListedRecord.extend({
    wouldFail: ListedRecord.shape.reasons.meta({
      description: 'why a retry would fail with these values, as far as the record itself shows it',
    }),
  }),
  async handle({ params, body: { cells, reason }, identity, ifMatch }, service) {
    const contract = await contractOf(service, params.dataset);
    const values = Object.fromEntries(Object.entries(cells).map(([name, value]) => [name, value ?? '']));
    const isAsSeen = (): Promise<boolean> => matches(service, { ...params, identity, ifMatch });
    const edit = { rowHash: params.record, values, isAsSeen };
    const word = { by: identity.name, reason };
    const [record] = await service.records.correct(contract, [edit], word);
    if (record === undefined) throw new RangeError('A corrected record is gone.');
    const trial = await tryCorrected(service.lake.effects, contract, [record]);
    const reasons = trial.get(record.rowHash) ?? [];
    const wouldFail = [...seenBy(identity, contract, { ...record, reasons }).reasons];
    return { ...listedFor(identity, contract, record), wouldFail };
  },
});

/** Whether a record is what an If-Match header names. */
async function matches(
  service: Service,
  {
    dataset,
    record: id,
    identity,
    ifMatch,
  }: {
    readonly dataset: string;
    readonly record: string;
    readonly identity: Identity;
    readonly ifMatch: string | undefined;
  },
): Promise<boolean> {
  if (ifMatch === undefined) return true;
  const contract = await contractOf(service, dataset);
  const now = wholeFor(identity, contract, await findRecord(service, contract, id));
  return namesTag(ifMatch, etagOf(JSON.stringify(now)));
}

async function contractOf({ lake }: Service, dataset: string) {
  return requireSourceContract(await loadContracts(lake.effects.contracts), dataset);
}

/** Which records are meant: by name, by conditions, or all. */
const WHICH = z.strictObject({
  records: z.array(RECORD_ID).min(1).max(10_000).exactOptional(),
  ...CONDITIONS,
  corrected: z.enum(['true', 'false']).exactOptional(),
  all: z.literal(true).exactOptional().meta({ description: 'every one of the dataset' }),
  expected: z
    .int()
    .min(0)
    .exactOptional()
    .meta({ description: 'how many match; where others do by now, nothing is done (412)' }),
  reason: REASON,
});

/** The records that a body means; throws ConfigError `REQUEST` where it means all and doesn't say so. */
function choiceOf(
  { records = [], all, expected, reason: _, ...conditions }: z.output<typeof WHICH>,
  { lake }: Service,
): Choice {
  const filter = filterOf(conditions satisfies Conditions, lake.effects.clock.now(), records);
  if (!isNarrowed(filter) && all !== true)
    throw new ConfigError(
      'REQUEST',
      "Say which records are meant: name them in 'records', give conditions, or say 'all': true for every one.",
    );
  return { filter, ...(expected === undefined ? {} : { expected }) };
}

const Skipped = z.array(z.object({ record: z.string(), why: z.string() }));
const short = (rowHash: string): string => rowHash.slice(0, ID_LENGTH);

/** POST /v1/datasets/{dataset}/quarantine/retry. */
export const retryQuarantine = route({
  method: 'post',
  path: '/v1/datasets/{dataset}/quarantine/retry',
  permission: 'quarantine.decide',
  tag: 'Quarantine',
  summary:
    "Tests open records once more, with what was corrected, under today's contract, in a run that it starts",
  params: DATASET,
  body: WHICH,
  answer: z.object({
    dataset: z.string(),
    retryId: z.string(),
    records: z.int(),
    skipped: Skipped.meta({ description: 'records that can not be retried as they are' }),
    run: RunState,
  }),
  isUnderWay: () => true,
  async handle({ params, body, identity }, service) {
    const contract = await contractOf(service, params.dataset);
    const word = { by: identity.name, reason: body.reason };
    const { retryId, records, skipped } = await service.records.retry(
      contract,
      choiceOf(body, service),
      word,
    );
    const [run] = await service.runs.start(contract.dataset, identity.name);
    if (run === undefined) throw new RangeError('No run was started.');
    const left = skipped.map(({ rowHash, why }) => ({ record: short(rowHash), why }));
    return { dataset: contract.dataset, retryId, records, skipped: left, run };
  },
});

/** POST /v1/datasets/{dataset}/quarantine/condemn. */
export const condemnQuarantine = route({
  method: 'post',
  path: '/v1/datasets/{dataset}/quarantine/condemn',
  permission: 'quarantine.decide',
  tag: 'Quarantine',
  summary: 'Gives up open records: they are condemned, and condemned at once should they come again',
  params: DATASET,
  body: WHICH,
  answer: z.object({
    dataset: z.string(),
    records: z.array(z.string()),
    version: z.int().meta({ description: "of the dataset's pointer" }),
  }),
  async handle({ params, body, identity }, service) {
    const contract = await contractOf(service, params.dataset);
    const word = { by: identity.name, reason: body.reason };
    const condemned = await service.records.condemn(contract, choiceOf(body, service), word);
    return { ...condemned, records: condemned.records.map(short) };
  },
});

/** POST /v1/datasets/{dataset}/quarantine/release. */
export const askRelease = route({
  method: 'post',
  path: '/v1/datasets/{dataset}/quarantine/release',
  permission: 'quarantine.release',
  tag: 'Quarantine',
  summary: 'Asks for condemned records to be given another life; another person decides',
  params: DATASET,
  body: WHICH,
  answer: z.object({
    dataset: z.string(),
    request: z.string(),
    state: z.literal('asked'),
    askedBy: z.string(),
    records: z.array(z.string()),
  }),
  async handle({ params, body, identity }, service) {
    const contract = await contractOf(service, params.dataset);
    const word = { by: identity.name, reason: body.reason };
    const { request, records } = await service.records.askRelease(contract, choiceOf(body, service), word);
    const asked = records.map(({ rowHash }) => short(rowHash));
    const state = 'asked' as const;
    return { dataset: contract.dataset, request, state, askedBy: identity.name, records: asked };
  },
});
