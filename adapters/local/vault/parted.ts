/** Numbers from 0 parted by what is said of each, in their order: of so many, into so many parts. Those of part -1 are left out. */
export function parted(count: number, parts: number, partOf: (n: number) => number): Int32Array[] {
  const partOfEach = new Int32Array(count);
  const ends = new Int32Array(parts);
  for (let n = 0; n < count; n++) {
    const part = partOf(n);
    partOfEach[n] = part;
    if (part >= 0) ends[part] = (ends[part] ?? 0) + 1;
  }
  for (let part = 1; part < parts; part++) ends[part] = (ends[part] ?? 0) + (ends[part - 1] ?? 0);
  const ordered = new Int32Array(ends[parts - 1] ?? 0);
  const next = new Int32Array(parts);
  next.set(ends.subarray(0, parts - 1), 1);
  const starts = next.slice();
  for (let n = 0; n < count; n++) {
    const part = partOfEach[n] ?? -1;
    if (part < 0) continue;
    const at = next[part] ?? 0;
    ordered[at] = n;
    next[part] = at + 1;
  }
  return Array.from(starts, (start, part) => ordered.subarray(start, ends[part]));
}
