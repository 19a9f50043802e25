import { loadContracts } from '../contract/load-contracts.ts';
import { AssayError } from '../errors.ts';
import { sealKey } from '../naming/runs.ts';
import type { Effects } from '../ports.ts';
import { listSnapshots } from '../query/list-snapshots.ts';
import { Seal } from '../stages/documents.ts';
import { isCommitted, type RunRecord } from '../stages/outcomes.ts';
import { getDocument } from '../stages/stored-documents.ts';

/** A part of a run's way, when it was done, and how long it took. */
export interface RunStage {
  /** `plan`, `refine and seal`, `gate and promote`, or the Gold table that was made. */
  readonly stage: string;
  readonly doneAt: string;
  readonly tookMs: number;
}

/** The parts of a run's way that it came through, in order, by what its stages left. Of a held run, the last is the hold. */
export async function runStages(effects: Effects, run: RunRecord): Promise<RunStage[]> {
  const begun = beginOf(run.runId);
  const sealedAt = await sealedAtOf(effects, run);
  const parts: { stage: string; doneAt: string }[] = [];
  if (run.contractVersion !== null) parts.push({ stage: 'plan', doneAt: run.startedAt });
  if (sealedAt !== undefined) {
    parts.push({ stage: 'refine and seal', doneAt: sealedAt });
    const last = isCommitted(run.status) ? 'gate and promote' : `gate: ${run.status}`;
    parts.push({ stage: last, doneAt: run.endedAt });
    if (isCommitted(run.status)) parts.push(...(await goldOf(effects, run)));
  }
  let before = begun ?? Date.parse(run.startedAt);
  return parts.map(({ stage, doneAt }) => {
    const doneMs = Date.parse(doneAt);
    const tookMs = Math.max(0, doneMs - before);
    before = doneMs;
    return { stage, doneAt, tookMs };
  });
}

/** The moment that an id of a run begins with; undefined for a name that has none. */
function beginOf(runId: string): number | undefined {
  const [, day, time, ms] = /^(\d{8})T(\d{6})(\d{3})Z/.exec(runId) ?? [];
  if (day === undefined || time === undefined) return undefined;
  const pairs = time.match(/\d{2}/g)?.join(':') ?? '';
  const at = Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T${pairs}.${ms}Z`);
  return Number.isNaN(at) ? undefined : at;
}

async function sealedAtOf(
  { objects }: Effects,
  { dataset, runId, contractVersion, sealDigest }: RunRecord,
): Promise<string | undefined> {
  if (contractVersion === null || sealDigest === null) return undefined;
  try {
    return (await getDocument(objects, sealKey(dataset, contractVersion, runId), Seal)).sealedAt;
  } catch (error) {
    // An old seal may be of another shape, or gone with its files.
    if (error instanceof AssayError) return undefined;
    throw error;
  }
}

/** The Gold tables that were made after a run, in the order of their commits. */
async function goldOf(effects: Effects, { dataset, runId }: RunRecord) {
  const { contracts } = await loadContracts(effects.contracts);
  const made: { stage: string; doneAt: string }[] = [];
  for (const contract of contracts.values()) {
    if (contract.layer !== 'gold' || !contract.inputs.includes(dataset)) continue;
    const { tableName, lines } = await listSnapshots(effects, contract.dataset);
    const own = lines.find((line) => line.runId === runId);
    if (own !== undefined) made.push({ stage: tableName, doneAt: own.committedAt });
  }
  return made.sort((a, b) => (a.doneAt < b.doneAt ? -1 : 1));
}
