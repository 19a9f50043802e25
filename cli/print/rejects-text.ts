import type { Reject } from '../../etl/query/run-rejects.ts';
import { fileName } from './counts-table.ts';
import { printable } from './printable.ts';
import { shorten } from './table.ts';

const LINE = 200;

/** What is left of a record whose legal time is over. */
const LET_GO = 'its values were let go';

/** Records that didn't pass as people read them: where each stands, every reason, and its values. */
export function rejectsText(rejects: readonly Reject[]): string {
  return rejects.map(rejectText).join('\n');
}

function rejectText(reject: Reject): string {
  const line = reject.sourceLine === null ? '' : ` (line ${reject.sourceLine})`;
  const attempt = reject.attemptCount === null ? '' : `, failure ${reject.attemptCount}`;
  const head = `  ${fileName(reject.sourceFile)} record ${reject.sourceRowNumber}${line}: ${reject.verdict}${attempt}`;
  return [
    printable(head),
    ...reject.reasons.map((reason) => `    ${reasonText(reason)}`),
    `    ${valuesText(reject)}`,
  ].join('\n');
}

function reasonText({ code, rule, column, value }: Reject['reasons'][number]): string {
  const about = column === null ? '' : ` ${column}`;
  const shown = value === null ? '' : ` = ${shorten(printable(value), 80)}`;
  const why = rule === null || rule === column ? '' : `  [${printable(rule)}]`;
  return `${code}${about}${shown}${why}`;
}

function valuesText({ record, rawText }: Reject): string {
  if (record === null) return shorten(printable(rawText ?? LET_GO), LINE);
  const values = Object.entries(record)
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return shorten(printable(values.join(', ')), LINE);
}
