import { noteRead, type WhatIsRead } from '../../etl/products/note-read.ts';
import type { ReadWay } from '../../etl/products/read-log.ts';
import type { Identity } from '../identity/identity.ts';
import type { Service } from '../service.ts';

/**
 * Keeps that somebody reads data products; nothing where the service only reads. An answer doesn't depend on it: what can't
 * be kept is told to who runs the service.
 */
export async function noteProductRead(
  { lake, isReadOnly, onError }: Pick<Service, 'lake' | 'isReadOnly' | 'onError'>,
  { identity, way }: { readonly identity: Identity; readonly way: ReadWay },
  what: WhatIsRead,
): Promise<void> {
  if (isReadOnly) return;
  try {
    await noteRead(lake.effects, { by: identity.name, way }, what);
  } catch (error) {
    onError(error);
  }
}
