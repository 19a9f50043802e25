import { ConfigError } from '../errors.ts';

/** How far a follower of a projection has come: it knows all of a snapshot, and maybe the first streams that changed from there to another. */
export interface Place {
  /** 0 is before the first. */
  readonly snapshot: number;
  readonly within?: { readonly to: number; readonly told: number };
}

/** A place as text: `3351973625461540`, or `3351973625461540-7020114897330123-12`. */
export const placeText = ({ snapshot, within }: Place): string =>
  within === undefined ? String(snapshot) : `${snapshot}-${within.to}-${within.told}`;

/** Reads a place; throws ConfigError `PLACE` for what is none. */
export function parsePlace(text: string): Place {
  const [, snapshot, to, told] = /^(\d{1,16})(?:-(\d{1,16})-(\d{1,9}))?$/.exec(text) ?? [];
  if (snapshot === undefined)
    throw new ConfigError(
      'PLACE',
      `'${text.slice(0, 80)}' is no place to go on from: give the id of an event that was told, or that of a snapshot.`,
    );
  return {
    snapshot: Number(snapshot),
    ...(to === undefined ? {} : { within: { to: Number(to), told: Number(told) } }),
  };
}
