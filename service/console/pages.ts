import type { Action, FileAction, Page } from './page.ts';
import { activity } from './pages/activity.tsx';
import { api } from './pages/api.tsx';
import { catalogue } from './pages/catalogue.tsx';
import { dataset } from './pages/dataset.tsx';
import { evidence } from './pages/evidence.tsx';
import { forgetting } from './pages/forgetting.tsx';
import { incident } from './pages/incident.tsx';
import { overview } from './pages/overview.tsx';
import { privacy } from './pages/privacy.tsx';
import { product } from './pages/product.tsx';
import { products } from './pages/products.tsx';
import { quarantine } from './pages/quarantine.tsx';
import { record, reveal } from './pages/record.tsx';
import { acceptReport, closeReport, reopenReport, report } from './pages/report.tsx';
import { reportLines } from './pages/report-lines.tsx';
import { reports } from './pages/reports.tsx';
import { approve, refuse, run } from './pages/run.tsx';
import { startRun } from './pages/run-under-way.tsx';
import { runs } from './pages/runs.tsx';
import { ask, askValues, cancel, sql, sqlAnswer } from './pages/sql.tsx';
import { foundStream, stream } from './pages/stream.tsx';
import { streams } from './pages/streams.tsx';
import { upload } from './pages/upload.ts';
import { closeBreaker } from './parts/open-breaker.tsx';
import { PRIVACY_ACTIONS } from './privacy/actions.ts';
import { RECORD_ACTIONS } from './quarantine/actions.ts';

/** Every page of the console. */
export const PAGES: readonly Page[] = [
  overview,
  catalogue,
  dataset,
  stream,
  foundStream,
  products,
  product,
  reports,
  report,
  reportLines,
  runs,
  run,
  quarantine,
  record,
  streams,
  evidence,
  incident,
  sql,
  sqlAnswer,
  privacy,
  forgetting,
  activity,
  api,
];

/** What the forms of the pages do. */
export const ACTIONS: readonly Action[] = [
  startRun,
  approve,
  refuse,
  closeBreaker,
  ...RECORD_ACTIONS,
  reveal,
  closeReport,
  reopenReport,
  acceptReport,
  ask,
  askValues,
  cancel,
  ...PRIVACY_ACTIONS,
];

/** What the forms do that send files. */
export const FILE_ACTIONS: readonly FileAction[] = [upload];
