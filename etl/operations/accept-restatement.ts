import { decisionId, recordClosing } from '../closing/closing-record.ts';
import { idOf } from '../closing/rows-digest.ts';
import type { GoldContract } from '../contract/contract.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import { ConfigError, ConflictError } from '../errors.ts';
import { closedRowsKey, closingTag, waitingRowsPrefix } from '../naming/closings.ts';
import type { Effects } from '../ports.ts';
import { refreshGold } from '../stages/refresh-gold.ts';
import { type Closing, withClosing } from '../table/closings.ts';
import { readPointer } from '../table/pointer.ts';
import type { ClosedMonth } from './close-month.ts';
import type { Word } from './decide-run.ts';
import { againAfterRaces, openReport } from './open-report.ts';
import { publishWaiting } from './publish-waiting.ts';

/**
 * Publishes the rows that wait for a closed month, and closes it anew with them. A retry finishes what is left. Throws
 * ConflictError `RESTATEMENT_STALE` where the month's rows have changed since they were looked at, and ConfigError
 * `NO_RESTATEMENT` where no restatement ever had the id.
 */
export async function acceptRestatement(effects: Effects, id: string, word: Word): Promise<ClosedMonth> {
  return await againAfterRaces(async () => {
    const { report, closing } = await findRestatement(effects, id);
    const opened = await openReport(effects, report);
    const { pointer } = opened.read;
    const now = pointer.closings?.find(({ month }) => month === closing.month);
    if (now?.replaces?.restatement === id && now.reopened === undefined) {
      await recordClosing(effects, report, now);
      await finish(effects, opened.contract, now);
      return { report, ...now };
    }
    const { waiting } = closing;
    if (now?.id !== closing.id || waiting?.id !== id || now.waiting?.id !== id)
      throw stale(report, id, now ?? closing);
    // The process that moved the pointer writes the records, or the next one does.
    await recordClosing(effects, report, now);
    const next = nextClosing({ report, closing: now, version: pointer.version }, word, effects.clock.now());
    await publishWaiting(
      { effects, opened, month: now.month, waiting, id: decisionId(next.at, next.id) },
      {
        tags: [next.tag],
        closedKey: closedRowsKey(report, next.month, next.id),
        closingsAfter: (snapshot_id) => withClosing(pointer.closings, { ...next, snapshot_id }),
      },
    );
    const after = (await readPointer(effects.objects, 'gold', report))?.pointer.closings ?? [];
    const published = after.find((one) => one.id === next.id) ?? next;
    await recordClosing(effects, report, published);
    await finish(effects, opened.contract, published);
    return { report, ...published };
  });
}

/** Gold is brought up to date, the catalog follows, and programs are told, as after everything that publishes. */
async function finish(effects: Effects, { inputs }: GoldContract, { at, id }: Closing): Promise<void> {
  const [dataset] = inputs;
  if (dataset !== undefined) await refreshGold({ dataset, runId: decisionId(at, id) }, effects);
}

interface Replacing {
  readonly report: string;
  readonly closing: Closing;
  readonly version: number;
}

function nextClosing({ report, closing, version }: Replacing, { by, reason }: Word, now: Date): Closing {
  const { month, waiting } = closing;
  const { digest = '', rows = 0, inputs = {}, id: restatement = '' } = waiting ?? {};
  const id = idOf(report, month, digest, version);
  return {
    ...{ id, month, at: now.toISOString(), by, reason, digest, rows, inputs },
    tag: closingTag(month, id),
    snapshot_id: closing.snapshot_id,
    contract_version: closing.contract_version,
    replaces: { closing: closing.id, restatement },
  };
}

/** Where a restatement is, or was. */
interface FoundRestatement {
  readonly report: string;
  readonly closing: Closing;
}

async function findRestatement(effects: Effects, id: string): Promise<FoundRestatement> {
  const { contracts } = await loadContracts(effects.contracts);
  for (const { dataset, layer } of contracts.values()) {
    if (layer !== 'gold') continue;
    const closings = (await readPointer(effects.objects, 'gold', dataset))?.pointer.closings ?? [];
    const closing =
      closings.find(({ waiting, replaces }) => waiting?.id === id || replaces?.restatement === id) ??
      (closings.length === 0 ? undefined : await earlier(effects, dataset, closings, id));
    if (closing !== undefined) return { report: dataset, closing };
  }
  throw new ConfigError(
    'NO_RESTATEMENT',
    `No restatement has the id '${id}': 'assay restatements' lists those that wait.`,
    { context: { restatement: id } },
  );
}

/** The month of a restatement that waited once. */
async function earlier(
  { objects }: Effects,
  report: string,
  closings: readonly Closing[],
  id: string,
): Promise<Closing | undefined> {
  const listed = await objects.list(waitingRowsPrefix(report));
  const key = listed.map((one) => one.key).find((one) => one.endsWith(`-${id}.parquet`));
  const month = key?.slice(waitingRowsPrefix(report).length).slice(0, 'YYYY-MM'.length);
  return closings.find((one) => one.month === month);
}

function stale(report: string, id: string, { month, waiting, reopened }: Closing): ConflictError {
  const next =
    reopened !== undefined
      ? `the month follows its inputs again since ${reopened.at}; there is nothing to accept.`
      : waiting === undefined
        ? 'nothing waits for it any more.'
        : `what waits for it now is ${waiting.id}. Look at that with 'assay restatements ${report}' before you accept it.`;
  return new ConflictError(
    'RESTATEMENT_STALE',
    `${month} of ${report} changed since restatement ${id}: ${next}`,
    {
      context: { report, month, restatement: id, now: waiting?.id ?? '' },
    },
  );
}
