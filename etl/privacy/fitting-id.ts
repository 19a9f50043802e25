import type { ColumnCheck, ContractColumn } from '../contract/contract.ts';
import { canonicalSubjectId, type SubjectColumn, trimBlanks } from './subject-id.ts';

/** A column whose checks are known, too. */
export type CheckedSubjectColumn = SubjectColumn & Partial<Pick<ContractColumn, 'checks'>>;

/**
 * The canonical id in a cell, where the contract lets it pass: a reference in its place can be tested no more, so that
 * whatever fails names nobody, and fails later as it came.
 */
export function fittingSubjectId(cell: string, column: CheckedSubjectColumn): string | undefined {
  const id = canonicalSubjectId(cell, column);
  if (id === undefined) return undefined;
  const isNumber = column.type.kind !== 'string';
  if (isNumber && BigInt.asIntN(64, BigInt(id)) !== BigInt(id)) return undefined;
  const value = isNumber ? id : trimBlanks(cell);
  const isTested = (check: ColumnCheck): boolean => check.kind !== 'range' || isNumber;
  return (column.checks ?? []).filter(isTested).every((check) => passes(check, value)) ? id : undefined;
}

function passes(check: ColumnCheck, value: string): boolean {
  switch (check.kind) {
    case 'values':
      return check.values.includes(value);
    case 'pattern':
      return shapeOf(check).test(value);
    case 'length': {
      const length = [...value].length;
      return length >= (check.min ?? 0) && length <= (check.max ?? Number.POSITIVE_INFINITY);
    }
    case 'range':
      return isWithin(check, BigInt(value));
  }
}

function isWithin(
  { min, max, exclusiveMin, exclusiveMax }: Extract<ColumnCheck, { readonly kind: 'range' }>,
  value: bigint,
): boolean {
  const isLow = min !== undefined && (exclusiveMin ? value <= BigInt(min) : value < BigInt(min));
  const isHigh = max !== undefined && (exclusiveMax ? value >= BigInt(max) : value > BigInt(max));
  return !isLow && !isHigh;
}

const shapes = new WeakMap<ColumnCheck, RegExp>();

/** Patterns are of the syntax that RE2 and JavaScript share. */
function shapeOf(check: Extract<ColumnCheck, { readonly kind: 'pattern' }>): RegExp {
  const known = shapes.get(check) ?? new RegExp(`^(?:${check.pattern})$`, 'u');
  shapes.set(check, known);
  return known;
}
