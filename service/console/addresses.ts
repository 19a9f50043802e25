/** The addresses of the console's pages: made here and nowhere else. */
export const overviewAt = '/';
export const catalogueAt = '/datasets';
export const runsAt = '/runs';
export const activityAt = '/activity';
export const sqlAt = '/sql';
export const queryAt = (queryId: string): string => `${sqlAt}/${encodeURIComponent(queryId)}`;
export const datasetAt = (dataset: string): string => `/datasets/${encodeURIComponent(dataset)}`;
export const runAt = (runId: string): string => `/runs/${encodeURIComponent(runId)}`;
