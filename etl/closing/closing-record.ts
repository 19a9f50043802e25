import { z } from 'zod';
import { closedRowsKey, closingKey, closingsPrefix } from '../naming/closings.ts';
import type { Effects, ObjectStore } from '../ports.ts';
import { recordDecision } from '../stages/decisions.ts';
import { parseDocument, putDocument } from '../stages/stored-documents.ts';
import { ClosedMonth, type Closing } from '../table/closings.ts';

/** A closing as ops.closings has it, for good. */
export const ClosingRecord = ClosedMonth.extend({
  report: z.string(),
  rowsKey: z.string(),
  snapshotId: z.number().int(),
  contractVersion: z.string(),
  /** The closing that it took the place of, and the restatement that was accepted by it. */
  replaces: z.string().nullable(),
  restatement: z.string().nullable(),
  /** How it ended: another closing took its place, or the month follows its inputs again. */
  ended: z
    .object({ how: z.enum(['replaced', 'reopened']), at: z.string(), by: z.string(), reason: z.string() })
    .nullable(),
});
export type ClosingRecord = z.infer<typeof ClosingRecord>;

/** A closing's record; undefined where there is none. */
export async function readClosing(
  objects: ObjectStore,
  report: string,
  id: string,
): Promise<ClosingRecord | undefined> {
  const key = closingKey(report, id);
  const stored = await objects.get(key);
  return stored === undefined ? undefined : parseDocument(stored.body, key, ClosingRecord);
}

/** Every closing of a Gold table that there ever was. */
export async function closingRecords(objects: ObjectStore, report: string): Promise<ClosingRecord[]> {
  const records: ClosingRecord[] = [];
  for (const { key } of await objects.list(closingsPrefix(report))) {
    const stored = key.endsWith('.json') ? await objects.get(key) : undefined;
    if (stored !== undefined) records.push(parseDocument(stored.body, key, ClosingRecord));
  }
  return records;
}

/**
 * Writes down what a pointer says of a month: the closing's record, that the one before it ended, and the decisions.
 * A repeat writes nothing. Returns whether anything was missing: the process that moved the pointer died.
 */
export async function recordClosing(effects: Effects, report: string, closing: Closing): Promise<boolean> {
  const { objects } = effects;
  const { month, replaces, reopened } = closing;
  const ended = reopened === undefined ? null : { how: 'reopened' as const, ...reopened };
  const before = await readClosing(objects, report, closing.id);
  const isNew = before === undefined || (ended !== null && before.ended === null);
  const record = { ...recordOf(report, closing), ended };
  const word = { dataset: report, runId: null };
  if (replaces !== undefined) {
    const { at, by, reason } = closing;
    const old = await readClosing(objects, report, replaces.closing);
    if (old?.ended === null)
      await putDocument(objects, closingKey(report, old.id), {
        ...old,
        ended: { how: 'replaced', at, by, reason },
      });
  }
  const { id, at, by, reason, digest, rows, tag } = closing;
  const kind = replaces === undefined ? ('closed' as const) : ('restatement-accepted' as const);
  const details = { month, closing: id, digest, rows, tag, ...(replaces ?? {}) };
  const facts = replaces === undefined ? details : { ...details, closing: id, replaced: replaces.closing };
  await recordDecision(effects, { ...word, id: decisionId(at, id), kind, by, reason, details: facts });
  if (reopened !== undefined)
    await recordDecision(effects, {
      ...word,
      id: decisionId(reopened.at, id),
      kind: 'reopened',
      by: reopened.by,
      reason: reopened.reason,
      details: { month, closing: id },
    });
  // Last: while it is missing, a retry finishes the rest.
  if (isNew) await putDocument(objects, closingKey(report, id), record);
  return isNew;
}

/** A closing as its record has it, but for its end. */
export function recordOf(report: string, closing: Closing): Omit<ClosingRecord, 'ended'> {
  const { id, month, at, by, reason, digest, rows, tag, inputs, replaces } = closing;
  return {
    ...{ id, report, month, at, by, reason, digest, rows, tag, inputs },
    rowsKey: closedRowsKey(report, month, id),
    snapshotId: closing.snapshot_id,
    contractVersion: closing.contract_version,
    replaces: replaces?.closing ?? null,
    restatement: replaces?.restatement ?? null,
  };
}

/** An id that follows from the closing and sorts by time, as all decisions' do. */
export const decisionId = (at: string, closingId: string): string =>
  `${at.replace(/[-:.]/g, '')}-${closingId.slice(0, 8)}`;
