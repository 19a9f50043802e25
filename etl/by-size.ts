/** How much goes together. */
export interface GroupLimits<T> {
  readonly sizeOf: (item: T) => number;
  readonly limitBytes: number;
  /** How many items at most; as many as fit unless said. */
  readonly limitCount?: number;
}

/** Items in their order, as many together as the limits allow, at least one. */
export function bySize<T>(
  items: readonly T[],
  { sizeOf, limitBytes, limitCount = Number.POSITIVE_INFINITY }: GroupLimits<T>,
): T[][] {
  const groups: T[][] = [];
  let bytes = 0;
  for (const item of items) {
    const last = groups.at(-1);
    if (last === undefined || last.length >= limitCount || bytes + sizeOf(item) > limitBytes) {
      groups.push([item]);
      bytes = 0;
    } else last.push(item);
    bytes += sizeOf(item);
  }
  return groups;
}
