import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { runsPrefix } from '../../etl/naming/runs.ts';
import { idAt, idOf } from '../../etl/operations/newest-keys.ts';
import { runsUnderWay, type StagedRun } from '../../etl/operations/runs-under-way.ts';
import type { Effects } from '../../etl/ports.ts';
import type { RunState } from './run-state.ts';

/** What was seen so long ago is good enough: a page of 200 datasets looks into as many folders. */
const FRESH_MS = 1000;

/** A run that wrote nothing for so long may have been ended. */
const SILENT_MS = 15 * 60_000;

/** What the lake knows of its runs, whichever process is at work on them. */
export interface StagedView {
  /** Those under way. */
  readonly runs: readonly RunState[];
  /** Id of the newest that has a record; null where there is none of the last day. */
  readonly newest: string | null;
}

/** Returns what the lake knew of its runs a moment ago. */
export function stagedView(effects: Effects): () => Promise<StagedView> {
  let seen: { readonly atMs: number; readonly runs: Promise<StagedView> } | undefined;
  return async () => {
    const nowMs = effects.clock.now().getTime();
    if (seen === undefined || nowMs - seen.atMs > FRESH_MS) {
      const runs = look(effects);
      seen = { atMs: nowMs, runs };
      // Looked at anew where it failed.
      runs.catch(() => {
        seen = undefined;
      });
    }
    return await seen.runs;
  };
}

async function look(effects: Effects): Promise<StagedView> {
  const { contracts } = await loadContracts(effects.contracts);
  const sources = [...contracts.values()].filter(({ layer }) => layer === 'silver');
  const found = await Promise.all(sources.map(({ dataset }) => runsUnderWay(effects, dataset)));
  const runs = found.flat().map((run) => stateOf(run, effects.clock.now().getTime()));
  return { runs, newest: await newestRun(effects) };
}

const stateOf = (run: StagedRun, nowMs: number): RunState => ({
  runId: run.runId,
  dataset: run.dataset,
  status: nowMs - run.wroteMs > SILENT_MS ? 'silent' : 'running',
  stage: run.stage,
  doneBytes: run.doneBytes,
  totalBytes: run.totalBytes,
  records: run.records,
  since: run.plannedAt,
  by: null,
});

const DAY_MS = 86_400_000;

/** Id of the newest run of the last day that has a record. */
async function newestRun({ objects, clock }: Effects): Promise<string | null> {
  const since = idAt(clock.now().getTime() - DAY_MS);
  const isMeant = (key: string): boolean => key.endsWith('.json') && idOf(key) >= since;
  const found = await objects.list(runsPrefix(), undefined, isMeant);
  const ids = found
    .map(({ key }) => key)
    .filter(isMeant)
    .map(idOf);
  return ids.sort().at(-1) ?? null;
}
