/** Number of single-character insertions, deletions and replacements between two texts (Levenshtein). */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/** As edit distance, but near where one text holds the other: `grouping` was meant to be `group`. */
function distanceOf(a: string, b: string): number {
  const holds = Math.min(a.length, b.length) >= 4 && (a.includes(b) || b.includes(a));
  return Math.min(editDistance(a, b), holds ? 1 : Number.POSITIVE_INFINITY);
}

/** The candidates that `name` may have been meant to be, nearest first. */
export function nearestFew(name: string, candidates: Iterable<string>): string[] {
  const wanted = name.toLowerCase();
  const most = Math.min(Math.max(2, Math.floor(name.length / 3)), name.length - 1);
  return [...candidates]
    .map((candidate) => ({ candidate, distance: distanceOf(wanted, candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance)
    .map(({ candidate }) => candidate);
}

/** The candidate that `name` was most likely meant to be, or undefined when none is near. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  return nearestFew(name, candidates)[0];
}

/** `; did you mean 'x'?` where something is near, else nothing. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const found = nearest(name, candidates);
  return found === undefined ? '' : `; did you mean '${found}'?`;
}
