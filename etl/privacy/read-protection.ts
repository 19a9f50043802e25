import type { ColumnProtection, DeclaredSubject } from '../contract/contract.ts';
import { choice, isMap, matching, readFields, refuseUnknown, text } from '../contract/fields.ts';
import type { Path, Problems } from '../contract/problems.ts';

const NAME = /^[a-z][a-z0-9_-]*$/;

const SUBJECT = {
  column: text('write the column that has the id of whose data it is'),
  kind: matching(NAME, 'write whose data it is in small letters, e.g. customer'),
} as const;

const PROTECT = {
  as: choice(['encrypted', 'pseudonym', 'dropped', 'clear']),
  group: matching(NAME, 'write the data group in small letters, e.g. contact').optional(),
  reason: text('write why these values need no protection').optional(),
} as const;

/** What each kind of protection has beside `as`. */
const FIELDS: Readonly<Record<ColumnProtection['as'], readonly string[]>> = {
  encrypted: ['group', 'subject'],
  pseudonym: ['group', 'subject'],
  dropped: ['reason'],
  clear: ['reason'],
};

/** Reads `assay.protect` of a column; undefined, and problems, where it is wrong. */
export function readColumnProtection(
  value: unknown,
  path: Path,
  problems: Problems,
): ColumnProtection | undefined {
  const { as, group, reason } = readFields(PROTECT, value, path, problems);
  if (as === undefined || !isMap(value)) return undefined;
  const known = FIELDS[as];
  refuseUnknown(value, ['as', ...known], path, {
    problems,
    hint: `with as: ${as} goes ${known.join(' and ')}`,
  });
  const subject =
    value.subject === undefined ? undefined : readSubject(value.subject, [...path, 'subject'], problems);
  if (as === 'dropped') return { as };
  if (as === 'clear') {
    if (reason !== undefined) return { as, reason };
    if (value.reason === undefined) problems.add(path, 'leaves values clear and says not why; write reason');
    return undefined;
  }
  if (group !== undefined) return { as, group, ...(subject === undefined ? {} : { subject }) };
  if (value.group === undefined)
    problems.add(path, 'names no data group; write group, e.g. contact: who has it sees the values');
  return undefined;
}

/** Reads `assay.subject`, of a dataset or a column. */
export function readSubject(value: unknown, path: Path, problems: Problems): DeclaredSubject | undefined {
  const { column, kind } = readFields(SUBJECT, value, path, problems);
  refuseUnknown(value, Object.keys(SUBJECT), path, { problems, hint: 'write column and kind' });
  return column === undefined || kind === undefined ? undefined : { column, kind };
}
