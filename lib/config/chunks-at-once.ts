/** Chunks of one run that are worked on at once, unless a setting says otherwise: as the state machine's Maps have it. */
export const CHUNKS_AT_ONCE = 40;
