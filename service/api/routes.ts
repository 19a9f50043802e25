import { z } from 'zod';
import { readData } from './data.ts';
import { listDatasets, showContract, showDataset, showSnapshots } from './datasets.ts';
import { listDecisions } from './decisions.ts';
import { showHealth } from './health.ts';
import { showLineage } from './lineage.ts';
import { openApi } from './openapi.ts';
import { listQuarantine } from './quarantine.ts';
import { askQuery, cancelQuery, downloadQuery, showQuery } from './queries.ts';
import { listClosings, listReports, showReport } from './reports.ts';
import { type Route, route } from './route.ts';
import { approve, listRuns, refuse, showRun } from './runs.ts';
import { healthz, readyz } from './system.ts';

/** GET /v1/openapi.json: what this list says. */
const describeApi = route({
  method: 'get',
  path: '/v1/openapi.json',
  permission: 'everyone',
  tag: 'The service',
  summary: 'This description',
  answer: z.record(z.string(), z.unknown()),
  handle: async (_, { version }) => openApi(ROUTES, version),
});

/** Every route of the REST API, in the order in which the description lists them. */
export const ROUTES: readonly Route[] = [
  listDatasets,
  showDataset,
  showContract,
  showSnapshots,
  showHealth,
  showLineage,
  listRuns,
  showRun,
  approve,
  refuse,
  listQuarantine,
  listReports,
  showReport,
  listClosings,
  readData,
  listDecisions,
  askQuery,
  showQuery,
  cancelQuery,
  downloadQuery,
  describeApi,
  healthz,
  readyz,
];
