import type { ColumnProtection, DeclaredSubject, Retention, SourceContract } from '../contract/contract.ts';

/** What a contract says of the protection of a dataset. */
export interface DatasetProtection {
  /** Columns that say something, by name. */
  readonly columns: ReadonlyMap<string, ColumnProtection>;
  /** Whose data a record is (`assay.subject`). */
  readonly subject?: DeclaredSubject;
  readonly retention?: Retention;
}

/** What a contract says of its dataset's protection. */
export function protectionOf({
  columns,
  subject,
  retention,
}: Pick<SourceContract, 'columns' | 'subject' | 'retention'>): DatasetProtection {
  return {
    columns: new Map(
      columns.flatMap(({ name, protect }) => (protect === undefined ? [] : [[name, protect]])),
    ),
    ...(subject === undefined ? {} : { subject }),
    ...(retention === undefined ? {} : { retention }),
  };
}

/** Whether anything of the dataset is protected, so that its files go through protect. */
export const isProtected = ({ columns }: DatasetProtection): boolean =>
  [...columns.values()].some(({ as }) => as !== 'clear');

/** Whose values a column has; undefined where nobody is declared, or they aren't protected under a key. */
export function subjectOf(protection: DatasetProtection, column: string): DeclaredSubject | undefined {
  const said = protection.columns.get(column);
  if (said === undefined || said.as === 'dropped' || said.as === 'clear') return undefined;
  return said.subject ?? protection.subject;
}
