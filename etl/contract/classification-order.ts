import type { Classification } from './contract.ts';

/** From what anyone may know to what is about a person. */
const ORDER: readonly Classification[] = ['public', 'internal', 'confidential', 'personal'];

/** Whether a classification lets more people see values than another one does. */
export const isLower = (one: Classification, other: Classification): boolean =>
  ORDER.indexOf(one) < ORDER.indexOf(other);

/** The classification that the fewest people see values of; `personal` where none is given. */
export function highestOf(classifications: readonly Classification[]): Classification {
  const ranks = classifications.map((one) => ORDER.indexOf(one));
  return ORDER[Math.max(...ranks)] ?? 'personal';
}
