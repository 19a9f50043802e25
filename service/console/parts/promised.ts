import type { Contract } from '../../../etl/contract/contract.ts';
import { unitOf } from '../../../etl/operations/promised-time.ts';

/** What a contract promises of new data, such as `every day, within 2 hours`; empty where it promises nothing of the kind. */
export function promised({ sla = [] }: Pick<Contract, 'sla'>): string {
  const text = (property: string, say: (value: string, unit: string | undefined) => string): string[] =>
    sla.filter((level) => level.property === property).map(({ value, unit }) => say(String(value), unit));
  const every = (value: string, unit: string | undefined): string => {
    const one = value === '1' ? unitOf(unit) : undefined;
    return `every ${one ?? amountOf(value, unit)}`;
  };
  return [
    ...text('frequency', every),
    ...text('latency', (value, unit) => `within ${amountOf(value, unit)}`),
  ].join(', ');
}

/** `1 d` → `1 day`, `36 h` → `36 hours`; a unit that is not known for sure stays as it is written. */
function amountOf(value: string, unit: string | undefined): string {
  const known = unitOf(unit);
  if (known === undefined) return unit === undefined ? value : `${value} ${unit}`;
  return `${value} ${known}${value === '1' ? '' : 's'}`;
}
