import type { Action, Page } from './page.ts';
import { activity } from './pages/activity.tsx';
import { catalogue } from './pages/catalogue.tsx';
import { dataset } from './pages/dataset.tsx';
import { overview } from './pages/overview.tsx';
import { approve, refuse, run } from './pages/run.tsx';
import { runs } from './pages/runs.tsx';
import { ask, cancel, sql, sqlAnswer } from './pages/sql.tsx';

/** Every page of the console. */
export const PAGES: readonly Page[] = [overview, catalogue, dataset, runs, run, sql, sqlAnswer, activity];

/** What the forms of the pages do. */
export const ACTIONS: readonly Action[] = [approve, refuse, ask, cancel];
