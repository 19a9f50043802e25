export const initial = { events: 0 };

/** Counts events of the kinds that it knows. */
export function apply({ events }, { kind, item }) {
  if (kind !== 'added' && kind !== 'ordered') throw new RangeError(`no such kind, of ${item}`);
  return { events: events + 1 };
}
