import type { ColumnProtection, ContractColumn, DeclaredSubject, SourceContract } from './contract.ts';

interface Change {
  readonly kind: 'breaking' | 'neutral';
  readonly path: string;
  readonly message: string;
}

/** Compares how a column is protected. Another protection is another table: envelopes are no values, and one is no other. */
export function compareProtection(old: ContractColumn, next: ContractColumn): Change[] {
  const [was, is] = [protectionText(old.protect), protectionText(next.protect)];
  if (was === is) return [];
  return [{ kind: 'breaking', path: `columns.${next.name}.protect`, message: `was ${was}, is ${is}` }];
}

/** Compares whose data the records are. */
export function compareSubjects(old: SourceContract, next: SourceContract): Change[] {
  const [was, is] = [subjectText(old.subject), subjectText(next.subject)];
  const isOfValues = next.columns.some(({ protect }) => protect !== undefined && 'group' in protect);
  if (was === is) return [];
  return [{ kind: isOfValues ? 'breaking' : 'neutral', path: 'subject', message: `was ${was}, is ${is}` }];
}

/** Why values are clear is no part of it. */
function protectionText(protect: ColumnProtection | undefined): string {
  if (protect === undefined || protect.as === 'clear') return 'clear';
  if (protect.as === 'dropped') return 'dropped';
  const { as, group, subject } = protect;
  return `${as} for ${group}${subject === undefined ? '' : ` of ${subjectText(subject)}`}`;
}

const subjectText = (subject: DeclaredSubject | undefined): string =>
  subject === undefined ? 'nobody' : `the ${subject.kind} in ${subject.column}`;
