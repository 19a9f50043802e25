/** The addresses of the console's pages: made here and nowhere else. */
export const overviewAt = '/';
export const catalogueAt = '/datasets';
export const runsAt = '/runs';
export const activityAt = '/activity';
export const privacyAt = '/privacy';
export const forgettingAt = (request: string): string =>
  `${privacyAt}/requests/${encodeURIComponent(request)}`;
export const signInAt = '/sign-in';
export const signOutAt = '/sign-out';
export const signedOutAt = '/signed-out';
export const sqlAt = '/sql';
export const sqlRevealAt = `${sqlAt}/reveal`;
export const queryAt = (queryId: string): string => `${sqlAt}/${encodeURIComponent(queryId)}`;
export const datasetAt = (dataset: string): string => `/datasets/${encodeURIComponent(dataset)}`;
export const runAt = (runId: string): string => `/runs/${encodeURIComponent(runId)}`;
export const quarantineAt = '/quarantine';
export const recordAt = (dataset: string, record: string): string =>
  `${quarantineAt}/${encodeURIComponent(dataset)}/${encodeURIComponent(record)}`;
export const reportsAt = '/reports';
const withQuery = (at: string, query: Readonly<Record<string, string | undefined>>): string => {
  const said = Object.entries(query).filter((one): one is [string, string] => one[1] !== undefined);
  return said.length === 0 ? at : `${at}?${new URLSearchParams(said)}`;
};
export const reportAt = (report: string, query: Readonly<Record<string, string | undefined>> = {}): string =>
  withQuery(`${reportsAt}/${encodeURIComponent(report)}`, query);
export const linesAt = (report: string, query: Readonly<Record<string, string | undefined>>): string =>
  withQuery(`${reportAt(report)}/lines`, query);
/** The quarantine, filtered. */
export const quarantineOf = (query: Readonly<Record<string, string | undefined>>): string =>
  withQuery(quarantineAt, query);
/** Where what is decided about records of a dataset is sent. */
export const decideAt = (dataset: string, what: string): string =>
  `${quarantineAt}/${encodeURIComponent(dataset)}/${what}`;
/** Where the API answers with a report's file. */
export const reportFileAt = (
  report: string,
  query: Readonly<Record<string, string | undefined>>,
  kind: '' | '/closed' = '',
): string => withQuery(`/v1/reports/${encodeURIComponent(report)}${kind}`, query);
export const runEventsAt = (runId: string): string => `/v1/runs/${encodeURIComponent(runId)}/events`;
export const lakeEventsAt = '/v1/events';
/** Where the API tells what changes in a stream since a snapshot of its projection. */
export const streamChangesAt = (projection: string, stream: string, since: number): string =>
  withQuery(`/v1/projections/${encodeURIComponent(projection)}/changes`, { stream, since: String(since) });
export const uploadAt = (dataset: string): string => `${datasetAt(dataset)}/files`;
/** Where a dataset's page says what opened its circuit breaker. */
export const breakerOf = (dataset: string): string => `${datasetAt(dataset)}#breaker`;
/** Where the form is sent that closes it. */
export const resetBreakerAt = (dataset: string): string => `${datasetAt(dataset)}/breaker`;
export const runsOf = (dataset: string): string => withQuery(runsAt, { dataset });
export const apiAt = '/api';
export const describedAt = '/v1/openapi.json';
export const productsAt = '/products';
export const productAt = (dataset: string): string => `${productsAt}/${encodeURIComponent(dataset)}`;
/** Where the API answers with a product's descriptor. */
export const descriptorAt = (dataset: string): string => `/v1/products/${encodeURIComponent(dataset)}/odps`;
export const streamsAt = '/streams';
export const evidenceAt = `${streamsAt}/evidence`;
/** Evidence, filtered. */
export const evidenceOf = (query: Readonly<Record<string, string | undefined>>): string =>
  withQuery(evidenceAt, query);
export const incidentAt = (incident: string): string =>
  `${streamsAt}/incidents/${encodeURIComponent(incident)}`;
/** Where a form leads that names a stream of a projection. */
export const streamsOfAt = (projection: string): string => `${datasetAt(projection)}/streams`;
/** The timeline of a stream. */
export const streamAt = (
  projection: string,
  stream: string,
  query: Readonly<Record<string, string | undefined>> = {},
): string => withQuery(`${streamsOfAt(projection)}/${encodeURIComponent(stream)}`, query);
