import type { ProjectionContract } from '../contract/contract.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import { type AssayError, ConfigError, ConflictError, DataError } from '../errors.ts';
import { tableName } from '../naming/datasets.ts';
import type { Effects } from '../ports.ts';
import type { FailedProjection, RefreshedProjection } from '../projecting/refreshed-projection.ts';
import { readPointer } from '../table/pointer.ts';
import { followCatalog } from './follow-catalog.ts';
import { refreshProjection } from './refresh-projection.ts';
import type { RunInput } from './stage.ts';

/** What became of the projections of a dataset. */
export interface ProjectionsOutcome {
  readonly projections: readonly RefreshedProjection[];
  readonly failed: readonly FailedProjection[];
}

/** How often a lost race is run again. */
const ATTEMPTS = 5;

/**
 * Brings every projection of a dataset's events up to date. One whose code or contract is wrong stays at its last good
 * state, and people are told; the others, the run and Gold go on.
 */
export async function refreshProjections(effects: Effects, run: RunInput): Promise<ProjectionsOutcome> {
  const { contracts } = await loadContracts(effects.contracts);
  const projections: RefreshedProjection[] = [];
  const failed: FailedProjection[] = [];
  for (const contract of contracts.values()) {
    if (contract.layer !== 'projection' || !contract.inputs.includes(run.dataset)) continue;
    try {
      const done = await refreshOne(effects, { contract, run });
      if (done !== undefined) projections.push(done);
    } catch (error) {
      if (!(error instanceof DataError || error instanceof ConfigError)) throw error;
      await alertFailed(effects, { contract, run, error });
      const { code, message } = error;
      failed.push({ table: tableName('projection', contract.dataset), code, message });
    }
    await followCatalog(effects, contract);
  }
  return { projections, failed };
}

/** Refreshes a projection; after a lost race, again from the state of then. */
export async function refreshOne(
  effects: Effects,
  request: Parameters<typeof refreshProjection>[1],
): Promise<RefreshedProjection | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await refreshProjection(effects, request);
    } catch (error) {
      if (!(error instanceof ConflictError) || attempt === ATTEMPTS) throw error;
    }
  }
}

interface Failed {
  readonly contract: ProjectionContract;
  readonly run: RunInput;
  readonly error: AssayError;
}

async function alertFailed(effects: Effects, { contract: { dataset }, run, error }: Failed): Promise<void> {
  const read = await readPointer(effects.objects, 'projection', dataset).catch(() => undefined);
  const { code, message, context } = error;
  await effects.alerts.send({
    kind: 'projection-failed',
    dataset,
    runId: run.runId,
    at: effects.clock.now().toISOString(),
    title: `${dataset} was not brought up to date: ${message}`,
    readersSee:
      read === undefined
        ? `Nobody sees ${dataset}: it was never made.`
        : `Readers see ${dataset} as it was made by run ${read.pointer.run_id}, at ${read.pointer.committed_at}.`,
    nextCommand: `assay project ${dataset}`,
    details: { code, message, ...context },
  });
}
