import { z } from 'zod';
import type { GoldContract } from '../../etl/contract/contract.ts';
import { duckType } from '../../etl/contract/duck-type.ts';
import { traceDataset } from '../../etl/lineage/trace-dataset.ts';
import type { Trace } from '../../etl/lineage/trace-figure.ts';
import { parseAsOf } from '../../etl/query/as-of.ts';
import { findReport } from '../../etl/query/find-report.ts';
import { jsonValue } from '../../etl/query/json-value.ts';
import { inTurn } from '../http/turns.ts';
import { requireChoosable } from '../identity/choosing.ts';
import { isAllowed } from '../identity/identity.ts';
import { mutable } from './mutable.ts';
import { REPORT, When } from './reports.ts';
import { route } from './route.ts';

const Measures = z.record(z.string(), z.string()).meta({ description: 'their sums, by measure' });

const Line = z.object({
  sourceFile: z.string(),
  sourceFileId: z.string(),
  sourceRowNumber: z.int(),
  line: z.int().nullable().meta({ description: 'from 1, the header included; null where the file is gone' }),
  text: z.string().nullable().meta({ description: 'as it came; ••• for those who may not see all of it' }),
  values: z.record(z.string(), z.string().nullable()),
  runId: z.string(),
  retriedIn: z.string().nullable(),
  repeats: z.array(z.object({ sourceFile: z.string(), sourceRowNumber: z.int() })),
});

/** GET /v1/reports/{report}/lines. */
export const showLines = route({
  method: 'get',
  path: '/v1/reports/{report}/lines',
  permission: 'silver.read',
  tag: 'Reports',
  summary:
    'From a figure to its lines: the records in the source files that a row of a report was made from, with their sums by file. Other parameters say which row: as_of_month=2024-03-01',
  params: REPORT,
  query: z
    .object({
      asOf: When.exactOptional(),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
      offset: z.coerce.number().int().min(0).max(1_000_000_000).default(0),
    })
    .catchall(z.string().max(20_000)),
  answer: z.object({
    report: z.string(),
    figure: z.record(z.string(), z.unknown()),
    closing: z.object({ id: z.string(), at: z.string(), by: z.string() }).nullable(),
    inputs: z.array(
      z.object({
        dataset: z.string(),
        snapshotId: z.int(),
        rows: z.int(),
        measures: Measures,
        files: z.array(z.object({ sourceFile: z.string(), rows: z.int(), measures: Measures })),
        records: z.array(Line),
      }),
    ),
  }),
  async handle({ params, query: { asOf, limit, offset, ...values }, identity }, service) {
    const { effects } = service.lake;
    const contract = await findReport(effects, params.report);
    const { dataset } = contract;
    requireChoosable(identity, contract, Object.keys(values));
    const { figure, closing, inputs } = await inTurn(() =>
      traceDataset(effects, {
        ...{ dataset, values, mostRecords: limit, skipped: offset },
        asOf: asOf === undefined ? undefined : parseAsOf(asOf),
        seesAll: isAllowed(identity, 'protected.read', service),
      }),
    );
    return { report: dataset, figure: shown(figure ?? {}, contract), closing, inputs: mutable(inputs) };
  },
});

/** The figure as rows of reports are answered: small integers are numbers. */
function shown(figure: NonNullable<Trace['figure']>, { columns }: GoldContract): Record<string, unknown> {
  const typeOf = (name: string): string => {
    const type = columns.find((column) => column.name === name)?.type;
    // What the contract doesn't have is the snapshot's id.
    return type === undefined ? 'BIGINT' : duckType(type);
  };
  return Object.fromEntries(
    Object.entries(figure).map(([name, value]) => [name, jsonValue(value, { name, type: typeOf(name) })]),
  );
}
