import type { Contract } from '../../../etl/contract/contract.ts';

/** What a contract promises of new data, such as `every 1 d, within 2 h`; empty where it promises nothing of the kind. */
export function promised({ sla = [] }: Contract): string {
  const text = (property: string, word: string): string[] =>
    sla
      .filter((level) => level.property === property)
      .map(({ value, unit }) => [word, value, unit].filter((part) => part !== undefined).join(' '));
  return [...text('frequency', 'every'), ...text('latency', 'within')].join(', ');
}
