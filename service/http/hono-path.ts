/** `/v1/runs/{runId}` → `/v1/runs/:runId`: an address as the framework spells it. */
export const honoPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');
