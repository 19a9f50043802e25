import { runRecordKey, runsPrefix } from '../../naming/runs.ts';
import type { Effects } from '../../ports.ts';
import type { Adoption } from '../../stages/migration-documents.ts';
import { RunRecord } from '../../stages/outcomes.ts';
import { getDocument, putDocument } from '../../stages/stored-documents.ts';

/**
 * Takes out of the records of runs from before what may name values: totals by a column, and measures that couldn't be
 * read. Their counts stay.
 */
export async function scrubRunRecords(
  effects: Effects,
  { dataset, runId: ownRun, at }: Pick<Adoption, 'dataset' | 'runId' | 'at'>,
): Promise<void> {
  const prefix = runsPrefix(dataset);
  for (const { key } of await effects.objects.list(prefix)) {
    const runId = key.slice(prefix.length, -'.json'.length);
    if (key !== runRecordKey(dataset, runId) || runId === ownRun) continue;
    const { unread, ...record } = await getDocument(effects.objects, key, RunRecord);
    if (record.startedAt > at) continue;
    const controlTotals = record.controlTotals.filter(({ by }) => by === null);
    if (unread === undefined && controlTotals.length === record.controlTotals.length) continue;
    await putDocument(effects.objects, key, { ...record, controlTotals });
  }
}
