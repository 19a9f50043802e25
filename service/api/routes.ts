import { z } from 'zod';
import { adoptDataset, previewAdopt, showAdoption } from './adoptions.ts';
import { resetBreakerOf, showBreaker } from './breakers.ts';
import { close, listClosings, reopen, showClosed } from './closings.ts';
import { readData } from './data.ts';
import { listDatasets, showContract, showDataset, showSnapshots } from './datasets.ts';
import { listDecisions } from './decisions.ts';
import { showDiff } from './diff.ts';
import { listEvidence } from './evidence.ts';
import { showHealth } from './health.ts';
import { listIncidents, showIncident } from './incidents.ts';
import { showLineage } from './lineage.ts';
import { lookForValues, showLooking } from './looking.ts';
import { openApi } from './openapi.ts';
import { setPolicy, setResolution, showPolicy, showResolution } from './policies.ts';
import {
  accessPersonData,
  approveForget,
  askForget,
  listForgetting,
  listProtected,
  previewForget,
  refuseForget,
  showForgetting,
} from './privacy.ts';
import { listProducts, showDescriptor, showProduct } from './products.ts';
import { projectionChanges } from './projection-changes.ts';
import { listProjections, showProjection, showStream } from './projections.ts';
import { listAllQuarantine, listQuarantine, showRecord } from './quarantine.ts';
import { askRelease, condemnQuarantine, correctRecord, retryQuarantine } from './quarantine-decisions.ts';
import { askQuery, askQueryRevealing, cancelQuery, downloadQuery, showQuery } from './queries.ts';
import { approveRequest, listReleases, refuseRequest } from './releases.ts';
import { showChanges } from './report-changes.ts';
import { showLines } from './report-lines.ts';
import { listReports, showReport } from './reports.ts';
import { accept, listWaiting, showWaiting } from './restatements.ts';
import { reveal } from './reveal.ts';
import { type Route, route } from './route.ts';
import { lakeEvents, runEvents } from './run-events.ts';
import { showPreview } from './run-preview.ts';
import { approve, listRuns, refuse, showRun } from './runs.ts';
import { startRuns } from './start-runs.ts';
import { healthz, readyz } from './system.ts';
import { uploadFiles } from './upload.ts';
import { beginUpload, completeUpload } from './uploads.ts';

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
  showDiff,
  listProducts,
  showProduct,
  showDescriptor,
  uploadFiles,
  beginUpload,
  completeUpload,
  showHealth,
  showLineage,
  listRuns,
  startRuns,
  showRun,
  runEvents,
  lakeEvents,
  showPreview,
  approve,
  refuse,
  showBreaker,
  resetBreakerOf,
  listAllQuarantine,
  listQuarantine,
  showRecord,
  correctRecord,
  reveal,
  retryQuarantine,
  condemnQuarantine,
  askRelease,
  listReleases,
  approveRequest,
  refuseRequest,
  listReports,
  showReport,
  showChanges,
  showLines,
  readData,
  listClosings,
  showClosed,
  close,
  reopen,
  listWaiting,
  showWaiting,
  accept,
  listDecisions,
  listProtected,
  listForgetting,
  showForgetting,
  previewForget,
  askForget,
  approveForget,
  refuseForget,
  accessPersonData,
  showAdoption,
  previewAdopt,
  adoptDataset,
  showLooking,
  lookForValues,
  askQuery,
  askQueryRevealing,
  showQuery,
  cancelQuery,
  downloadQuery,
  showPolicy,
  setPolicy,
  showResolution,
  setResolution,
  listEvidence,
  listIncidents,
  showIncident,
  listProjections,
  showProjection,
  showStream,
  projectionChanges,
  describeApi,
  healthz,
  readyz,
];
