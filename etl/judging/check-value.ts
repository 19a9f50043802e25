import type { ColumnCheck, ContractColumn, ReasonCode } from '../contract/contract.ts';
import type { ColumnType } from '../table/schema.ts';
import { dayOf, microsOf } from './read-date.ts';
import type { TypedValue } from './value.ts';
import { wholeMatch } from './whole-match.ts';

/** A check of a column, made ready: the rule and code of its reason, and whether a value fails it. */
export interface ReadyCheck {
  readonly rule: string;
  readonly code: ReasonCode;
  fails(value: TypedValue): boolean;
}

/** The checks of a column beyond presence and type, in the order in which reasons are listed. */
export const readyChecks = ({ checks, type }: ContractColumn): ReadyCheck[] =>
  checks.map((check) => ({ rule: check.rule, ...readyCheck(check, type) }));

function readyCheck(check: ColumnCheck, type: ColumnType): Omit<ReadyCheck, 'rule'> {
  switch (check.kind) {
    case 'values': {
      const known = new Set(check.values);
      return { code: 'DOMAIN_ERROR', fails: ({ text }) => !known.has(text) };
    }
    case 'pattern': {
      const matches = wholeMatch(check.pattern);
      return { code: 'FORMAT_ERROR', fails: ({ text }) => !matches(text) };
    }
    case 'length': {
      const { min = 0, max = Number.POSITIVE_INFINITY } = check;
      return {
        code: 'RANGE_ERROR',
        fails: ({ text }) => {
          const characters = [...text].length;
          return characters < min || characters > max;
        },
      };
    }
    case 'range': {
      const [min, max] = [check.min, check.max].map((text) =>
        text === undefined ? undefined : sizeOf(text, type),
      );
      const { exclusiveMin, exclusiveMax } = check;
      return {
        code: 'RANGE_ERROR',
        fails: ({ size = 0 }) =>
          (min !== undefined && (exclusiveMin ? size <= min : size < min)) ||
          (max !== undefined && (exclusiveMax ? size >= max : size > max)),
      };
    }
  }
}

/** The size of a bound, which is canonical text of its column's type. */
function sizeOf(text: string, type: ColumnType): bigint | number {
  switch (type.kind) {
    case 'date':
      return dayOf(text);
    case 'timestamptz':
      return microsOf(text);
    case 'double':
      return Number(text);
    default:
      return BigInt(text.replace('.', ''));
  }
}
