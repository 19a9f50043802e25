import { decisionId, recordClosing } from '../closing/closing-record.ts';
import type { GoldContract } from '../contract/contract.ts';
import { ConfigError, ConflictError } from '../errors.ts';
import type { Effects } from '../ports.ts';
import { refreshGold } from '../stages/refresh-gold.ts';
import { type Closing, withClosing } from '../table/closings.ts';
import { movePointer } from '../table/pointer.ts';
import type { ClosedMonth, ReportMonth } from './close-month.ts';
import type { Word } from './decide-run.ts';
import { againAfterRaces, openReport } from './open-report.ts';
import { publishWaiting } from './publish-waiting.ts';

/** A closed month that is to follow its inputs again. */
export interface ReopenedMonth extends ReportMonth {
  /** The closing that was looked at, and the restatement that waited for it then; any where it isn't said. */
  readonly looked?: { readonly closing: string; readonly waiting: string | undefined } | undefined;
}

/**
 * Lets a closed month of a Gold table follow its inputs again, and publishes what waited for it. After a crash, a retry
 * finishes what is left. Throws ConfigError `NOT_CLOSED` where the month isn't closed, and ConflictError `CLOSING_CHANGED`
 * where it isn't any more what was looked at.
 */
export async function reopenMonth(effects: Effects, wanted: ReopenedMonth, word: Word): Promise<ClosedMonth> {
  return await againAfterRaces(async () => {
    const opened = await openReport(effects, wanted.report);
    const { contract, read } = opened;
    const { dataset: report } = contract;
    const { pointer, etag } = read;
    const said = pointer.closings?.find(({ month }) => month === wanted.month);
    const wasMissing = said === undefined ? false : await recordClosing(effects, report, said);
    if (said === undefined || said.reopened !== undefined) {
      if (said !== undefined && wasMissing) {
        await finish(effects, contract, said);
        return { report, ...said };
      }
      throw notClosed(report, wanted.month, said);
    }
    const { waiting, ...closed } = said;
    const { looked } = wanted;
    if (looked !== undefined && (looked.closing !== said.id || looked.waiting !== waiting?.id))
      throw closingChanged(report, said);
    const at = effects.clock.now().toISOString();
    const next: Closing = { ...closed, reopened: { at, by: word.by, reason: word.reason } };
    const closings = withClosing(pointer.closings, next);
    if (waiting === undefined)
      await movePointer(
        effects.objects,
        'gold',
        { ...pointer, version: pointer.version + 1, closings },
        etag,
      );
    else
      await publishWaiting(
        { effects, opened, month: next.month, waiting, id: decisionId(at, next.id) },
        { tags: [], closingsAfter: () => closings },
      );
    await recordClosing(effects, report, next);
    await finish(effects, contract, next);
    return { report, ...next };
  });
}

/** Gold is brought up to date, the catalog follows, and programs are told, as after everything that publishes. */
async function finish(effects: Effects, { inputs }: GoldContract, { reopened, id }: Closing): Promise<void> {
  const [dataset] = inputs;
  if (dataset !== undefined)
    await refreshGold({ dataset, runId: decisionId(reopened?.at ?? '', id) }, effects);
}

function closingChanged(report: string, { month, id, waiting }: Closing): ConflictError {
  const waits = waiting === undefined ? 'nothing waits for it' : `${waiting.id} waits for it`;
  return new ConflictError(
    'CLOSING_CHANGED',
    `${month} of ${report} is not any more what was looked at: it is closed by closing ${id}, and ${waits}. Look at it again.`,
    { context: { report, month, closing: id } },
  );
}

function notClosed(report: string, month: string, said: Closing | undefined): ConfigError {
  const what =
    said?.reopened === undefined
      ? 'it never was'
      : `it was reopened at ${said.reopened.at} by ${said.reopened.by}`;
  return new ConfigError(
    'NOT_CLOSED',
    `${month} of ${report} is not closed: ${what}. 'assay query "FROM ops.closings"' lists what was closed.`,
    { context: { report, month } },
  );
}
