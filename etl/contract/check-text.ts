import type { ColumnCheck } from './contract.ts';

/** A check in words; values are the contract's own. */
export function checkText(check: ColumnCheck): string {
  switch (check.kind) {
    case 'values':
      return check.values.length > 12
        ? `one of ${check.values.length} values`
        : `one of ${check.values.join(', ')}`;
    case 'pattern':
      return `matches ${check.pattern}`;
    case 'length':
      return `length ${check.min ?? 0} to ${check.max ?? 'any'}`;
    default: {
      const low = check.min === undefined ? [] : [`${check.exclusiveMin ? 'above' : 'from'} ${check.min}`];
      const high = check.max === undefined ? [] : [`${check.exclusiveMax ? 'below' : 'to'} ${check.max}`];
      return [...low, ...high].join(' ');
    }
  }
}
