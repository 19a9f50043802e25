import type { Contract, Deprecation } from '../contract/contract.ts';
import type { Ailment } from './ailment.ts';

/** Whether the last day of a deprecation is over. */
export const isOver = ({ until }: Deprecation, now: Date): boolean => now.toISOString().slice(0, 10) > until;

/** That a dataset is still made though its contract said that it ends; its readers, and its owner, must decide. */
export function pastItsEnd({ dataset, deprecated, product }: Contract, now: Date): Ailment[] {
  if (deprecated === undefined || !isOver(deprecated, now)) return [];
  const instead = deprecated.use === undefined ? '' : `; ${deprecated.use} takes its place`;
  const what = `it was promised until ${deprecated.until} and is still there${instead}: take its contract away, or promise it for longer`;
  return [
    { code: 'DEPRECATED', what, next: product === undefined ? 'contracts check' : `products ${dataset}` },
  ];
}
