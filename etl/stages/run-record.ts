import { runRecordKey } from '../naming/runs.ts';
import type { Effects } from '../ports.ts';
import type { Plan, Seal } from './documents.ts';
import { RunRecord } from './outcomes.ts';
import { putDocument } from './stored-documents.ts';

/** What of a run's end isn't in its plan and seal. */
interface RunEnd {
  readonly status: RunRecord['status'];
  readonly why: readonly string[];
  readonly snapshotId: number | null;
}

/** Stores how a run ended and returns it; the last word wins, since a held run is decided later. */
export async function writeRunRecord(
  effects: Effects,
  run: { readonly dataset: string; readonly runId: string },
  known: { readonly plan?: Plan | undefined; readonly seal?: Seal | undefined },
  end: RunEnd,
): Promise<RunRecord> {
  const { plan, seal } = known;
  const endedAt = effects.clock.now().toISOString();
  const startedAt = plan?.plannedAt ?? endedAt;
  const record: RunRecord = RunRecord.parse({
    runId: run.runId,
    dataset: run.dataset,
    status: end.status,
    counts: seal?.counts ?? { records: 0, silver: 0, quarantined: 0, condemned: 0, blank: 0 },
    reasons: seal?.reasons ?? {},
    controlTotals: seal?.controlTotals ?? [],
    ...(seal?.unread === undefined ? {} : { unread: seal.unread }),
    ...eventsOf(seal),
    ...(seal?.sets === undefined ? {} : { sets: seal.sets }),
    files: seal?.files ?? [],
    snapshotId: end.snapshotId,
    sealDigest: seal?.digest ?? null,
    contractVersion: plan?.contractVersion ?? null,
    why: [...end.why],
    startedAt,
    endedAt,
    durationMs: Date.parse(endedAt) - Date.parse(startedAt),
  });
  await putDocument(effects.objects, runRecordKey(run.dataset, run.runId), record);
  return record;
}

function eventsOf(seal: Seal | undefined): Pick<RunRecord, 'events'> {
  const { superseded, gaps } = seal ?? {};
  if (superseded === undefined && gaps === undefined) return {};
  return {
    events: {
      ...(superseded === undefined ? {} : { gaveWay: superseded.records }),
      ...(gaps === undefined ? {} : { gaps }),
    },
  };
}
