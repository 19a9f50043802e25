import { z } from 'zod';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { listedRecord, readRecords } from '../../etl/quarantine/read-records.ts';
import { DATASET } from './datasets.ts';
import { PAGE_QUERY } from './paging.ts';
import { route } from './route.ts';

const Reason = z.object({
  rule: z.string().nullable(),
  column: z.string().nullable(),
  code: z.string(),
  value: z.string().nullable(),
});

const Record = z.object({
  record: z.string().meta({ description: "the beginning of the record's id" }),
  state: z.enum(['open', 'retrying', 'condemned', 'silver', 'corrected']),
  sourceFile: z.string(),
  sourceRowNumber: z.int(),
  failures: z.int(),
  failedAt: z.string(),
  runId: z.string(),
  reasons: z.array(Reason),
  isCorrected: z.boolean(),
});

const text = z.string().min(1).max(400).exactOptional();

/** GET /v1/datasets/{dataset}/quarantine. */
export const listQuarantine = route({
  method: 'get',
  path: '/v1/datasets/{dataset}/quarantine',
  permission: 'quarantine.read',
  tag: 'Quarantine',
  summary: 'Records that failed and are open, or condemned, by file and number',
  params: DATASET,
  query: z.strictObject({
    limit: PAGE_QUERY.limit,
    state: z.enum(['open', 'condemned']).default('open'),
    code: text.meta({ description: 'that failed with this code, e.g. TYPE_ERROR' }),
    file: text.meta({ description: 'that came in a file whose key contains this' }),
    run: text.meta({ description: 'that failed last in this run' }),
  }),
  answer: z.object({ dataset: z.string(), total: z.int(), records: z.array(Record) }),
  async handle({ params, query: { limit, state, ...filter } }, { lake: { effects } }) {
    const { dataset } = requireSourceContract(await loadContracts(effects.contracts), params.dataset);
    const { records, total } = await readRecords(effects, dataset, {
      filter: { ...filter, ids: [] },
      states: state === 'open' ? ['open', 'retrying'] : ['condemned'],
      limit,
    });
    return { dataset, total, records: records.map(listedRecord) };
  },
});
