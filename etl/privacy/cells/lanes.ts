/**
 * The lane of a subject's values, of a power of two lanes: told by two digits of its reference, which are random. All that
 * is of one person is in the same.
 */
export const laneOf = (digit: number, other: number, lanes: number): number =>
  lanes === 1 ? 0 : (digit ^ other) & (lanes - 1);

/** Where those digits stand in a reference, from its end; its last one isn't as random as the others. */
export const [LANE_DIGIT, OTHER_LANE_DIGIT] = [2, 3];
