import { checkProtection, type ProtectionProblem } from '../privacy/check-protection.ts';
import { isProtected, protectionOf } from '../privacy/protection.ts';
import { readSubject } from '../privacy/read-protection.ts';
import type { Retention, SourceContract } from './contract.ts';
import type { CustomValues } from './custom-properties.ts';
import { asList, isMap, readFields, text } from './fields.ts';
import type { Path, Problems } from './problems.ts';
import type { ColumnDraft } from './read-column.ts';

/** A document that is being read: its columns, its own properties and where problems go. */
interface Reading {
  readonly drafts: readonly ColumnDraft[];
  readonly custom: CustomValues;
  readonly document: Readonly<Record<string, unknown>>;
  readonly problems: Problems;
}

/**
 * The contract with whose data it is and how long values stay readable. What is missing in its protection, or may not be,
 * is a problem; of a dataset that protects nothing, the retention is only a promise, and is left to those.
 */
export function readProtection(
  contract: SourceContract,
  { drafts, custom, document, problems }: Reading,
): SourceContract {
  const declared = custom.get('assay.subject');
  const subject = declared && readSubject(declared.value, declared.path, problems);
  const named: SourceContract = { ...contract, ...(subject === undefined ? {} : { subject }) };
  if (!isProtected(protectionOf(named))) return named;
  const retention = readRetention(document, problems);
  const whole: SourceContract = { ...named, ...(retention === undefined ? {} : { retention }) };
  const unread = new Set(
    drafts.flatMap(({ column, custom: own }) =>
      own.has('assay.protect') && column.protect === undefined ? [column.name] : [],
    ),
  );
  for (const problem of checkProtection(whole, protectionOf(whole)))
    if (!unread.has(problem.column ?? ''))
      problems.add(placeOf(problem, { drafts, custom }), problem.message);
  return whole;
}

/** Where a person mends it: at what the column says of its protection, else at the column; of the dataset, at its subject or promises. */
function placeOf(
  { column, isOfRetention }: ProtectionProblem,
  { drafts, custom }: Pick<Reading, 'drafts' | 'custom'>,
): Path {
  const draft = drafts.find((one) => one.column.name === column);
  if (draft !== undefined) return draft.custom.get('assay.protect')?.path ?? draft.path;
  return isOfRetention === true ? ['slaProperties'] : (custom.get('assay.subject')?.path ?? ['schema', 0]);
}

const ELEMENT = { element: text('write the column that it counts from, e.g. closed_on').optional() } as const;

/** The promise `retention`, with the column that it counts from; ODCS writes an element as `table.column`. */
function readRetention(
  document: Readonly<Record<string, unknown>>,
  problems: Problems,
): Retention | undefined {
  const promises = asList(document.slaProperties, ['slaProperties'], problems);
  const at = promises.findIndex((entry) => isMap(entry) && entry.property === 'retention');
  const entry = promises[at];
  if (!isMap(entry)) return undefined;
  const { value, unit } = entry;
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const { element } = readFields(ELEMENT, entry, ['slaProperties', at], problems);
  const column = element?.split('.').at(-1)?.trim();
  return {
    level: { property: 'retention', value, ...(typeof unit === 'string' ? { unit } : {}) },
    ...(column === undefined ? {} : { element: column }),
  };
}
