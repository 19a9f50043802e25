/**
 * How many cases a search by chance tries: few where a change waits for it (`.ci/run` takes the same values each time, so
 * that more of them find little), and $ASSAY_TIMES as many where somebody looks for what nobody found yet.
 */
export function casesOf(few: number): number {
  return few * Number(process.env.ASSAY_TIMES ?? 1);
}
