import type { ContractColumn, SourceContract } from '../../contract/contract.ts';
import { isOpen } from '../../contract/open-columns.ts';
import { PII_KINDS } from './find-pii.ts';
import type { PiiKind } from './pii-kind.ts';

/** Columns in which some kind of personal data would be news: those whose values anyone of the company may read. */
export const watchedColumns = ({ columns }: Pick<SourceContract, 'columns'>): ContractColumn[] =>
  columns.filter(
    (column) =>
      isOpen(column) &&
      (column.protect === undefined || column.protect.as === 'clear') &&
      unknownKinds(column).length > 0,
  );

/** The kinds that a column isn't known to hold. */
export const unknownKinds = ({ knownPii }: ContractColumn): readonly PiiKind[] =>
  PII_KINDS.filter(({ name }) => knownPii?.kinds.includes(name) !== true);
