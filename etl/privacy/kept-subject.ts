import type { Tombstone } from './erased.ts';
import type { KeptSubject } from './vault.ts';

/** A subject by what a vault has of it: its reference, the groups that it has keys for, and a tombstone. */
export function keptSubject({
  reference,
  groups = [],
  forgotten,
}: {
  readonly reference?: string;
  readonly groups?: readonly string[];
  readonly forgotten: Tombstone | undefined;
}): KeptSubject {
  return {
    groups,
    ...(reference === undefined ? {} : { reference }),
    ...(forgotten === undefined
      ? {}
      : { forgotten: { at: new Date(forgotten.atMs), until: new Date(forgotten.untilMs) } }),
  };
}
