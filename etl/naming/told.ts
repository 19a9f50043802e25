import { datasetPath } from './datasets.ts';

/** Keys of what people and programs are told. They are made in this folder and nowhere else. */

export const alertsPrefix = (): string => 'ops/alerts/';

/** The last state of a dataset or Gold table that programs know of. */
export const toldKey = (dataset: string): string => `ops/events/told/${datasetPath(dataset)}.json`;

/** Events about a dataset still to be sent to programs, in order. */
export const outboxPrefix = (dataset: string): string => `ops/events/outbox/${datasetPath(dataset)}/`;

export const outboxKey = (
  dataset: string,
  event: { readonly version: number; readonly id: string },
): string => `${outboxPrefix(dataset)}${String(event.version).padStart(9, '0')}-${event.id}.json`;

/** An alert of a run: one of each kind, or one for each table where several need one. */
export const alertKey = (runId: string, kind: string, table?: string): string =>
  `${alertsPrefix()}${runId}-${kind}${table === undefined ? '' : `-${table}`}.json`;
