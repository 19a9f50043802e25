import { z } from 'zod';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { listAcross } from '../quarantine/list-across.ts';
import { afterOf, cursorOf } from '../quarantine/record-cursor.ts';
import { CONDITIONS, filterOf, LISTED_STATES, RECORD_ID } from '../quarantine/record-query.ts';
import { ListedRecord, listedFor, WholeRecord } from '../quarantine/shown-record.ts';
import { findRecord, wholeFor } from '../quarantine/whole-record.ts';
import { DATASET } from './datasets.ts';
import { Next, OF_DATASET, PAGE_QUERY } from './paging.ts';
import { route } from './route.ts';

const QUERY = {
  ...PAGE_QUERY,
  state: z
    .enum(['open', 'retrying', 'condemned'])
    .default('open')
    .meta({ description: 'open: those that wait in a retry are among them' }),
  ...CONDITIONS,
  corrected: z
    .enum(['true', 'false'])
    .exactOptional()
    .meta({ description: 'whether people corrected values of it' }),
};

/** GET /v1/quarantine. */
export const listAllQuarantine = route({
  method: 'get',
  path: '/v1/quarantine',
  permission: 'quarantine.read',
  tag: 'Quarantine',
  summary: 'Records that failed and are open, or condemned, by dataset, file and number',
  query: z.strictObject({ ...QUERY, dataset: OF_DATASET }),
  answer: z.object({ records: z.array(ListedRecord), next: Next }),
  async handle({ query: { limit, cursor, state, dataset, ...conditions }, identity }, service) {
    const { lake, records } = service;
    const loaded = await loadContracts(lake.effects.contracts);
    const sources = [...loaded.contracts.values()].filter((one) => one.layer === 'silver');
    const meant = dataset === undefined ? sources : [requireSourceContract(loaded, dataset)];
    const reading = {
      ...{ limit, filter: filterOf(conditions, lake.effects.clock.now()) },
      ...{ states: LISTED_STATES[state], ...afterOf(cursor) },
    };
    const counted = await records.counts(meant.map((one) => one.dataset));
    const { page, isMore } = await listAcross(records, counted, reading);
    const last = page.at(-1);
    return {
      records: page.flatMap((one) => {
        const contract = meant.find((own) => own.dataset === one.dataset);
        return contract === undefined ? [] : [listedFor(identity, contract, one.record)];
      }),
      next: isMore && last !== undefined ? cursorOf(last.dataset, last.record) : null,
    };
  },
});

/** GET /v1/datasets/{dataset}/quarantine. */
export const listQuarantine = route({
  method: 'get',
  path: '/v1/datasets/{dataset}/quarantine',
  permission: 'quarantine.read',
  tag: 'Quarantine',
  summary: 'Records of a dataset that failed and are open, or condemned, by file and number',
  params: DATASET,
  query: z.strictObject(QUERY),
  answer: z.object({
    dataset: z.string(),
    total: z.int().meta({ description: 'how many there are, on whatever page' }),
    records: z.array(ListedRecord),
    next: Next,
  }),
  async handle({ params, query: { limit, cursor, state, ...conditions }, identity }, { lake, records }) {
    const contract = requireSourceContract(await loadContracts(lake.effects.contracts), params.dataset);
    const { dataset } = contract;
    const page = await records.find(dataset, {
      ...{ limit: limit + 1, filter: filterOf(conditions, lake.effects.clock.now()) },
      ...{ states: LISTED_STATES[state], ...afterOf(cursor) },
    });
    const shown = page.records.slice(0, limit);
    const last = shown.at(-1);
    return {
      dataset,
      total: page.total,
      records: shown.map((record) => listedFor(identity, contract, record)),
      next: page.records.length > limit && last !== undefined ? cursorOf(dataset, last) : null,
    };
  },
});

/** A record that an address names. */
export const RECORD = DATASET.extend({ record: RECORD_ID });

/** GET /v1/datasets/{dataset}/quarantine/records/{record}. */
export const showRecord = route({
  method: 'get',
  path: '/v1/datasets/{dataset}/quarantine/records/{record}',
  permission: 'quarantine.read',
  tag: 'Quarantine',
  summary:
    'A record that failed: where it came from, its values, every reason, and what happened to it since',
  params: RECORD,
  answer: WholeRecord,
  async handle({ params, identity }, service) {
    const all = await loadContracts(service.lake.effects.contracts);
    const contract = requireSourceContract(all, params.dataset);
    return wholeFor(identity, contract, await findRecord(service, contract, params.record));
  },
});
