import type { CompatibilityMode, RegisteredSchema } from '../registry/registry.ts';
import { canRead } from './can-read.ts';
import type { Obstacles } from './obstacles.ts';

/** What a mode promises of two versions: whether the newer reads the older's data, and the older the newer's. */
const PROMISES: Readonly<
  Record<CompatibilityMode, { readonly backward: boolean; readonly forward: boolean }>
> = {
  NONE: { backward: false, forward: false },
  BACKWARD: { backward: true, forward: false },
  BACKWARD_TRANSITIVE: { backward: true, forward: false },
  FORWARD: { backward: false, forward: true },
  FORWARD_TRANSITIVE: { backward: false, forward: true },
  FULL: { backward: true, forward: true },
  FULL_TRANSITIVE: { backward: true, forward: true },
};

/** Whether a mode promises something of any two versions, and not of neighbours alone. */
export const isTransitive = (mode: CompatibilityMode): boolean => mode.endsWith('_TRANSITIVE');

/** What breaks a mode's promise between an older and a newer version; empty where it holds. */
export async function checkMode(
  mode: CompatibilityMode,
  { older, newer }: { readonly older: RegisteredSchema; readonly newer: RegisteredSchema },
): Promise<Obstacles> {
  const { backward, forward } = PROMISES[mode];
  const [back, forth] = [
    backward ? await canRead(newer, older) : [],
    forward ? await canRead(older, newer) : [],
  ];
  return [
    ...back.map((why) => `version ${newer.version} can't read version ${older.version}: ${why}`),
    ...forth.map((why) => `version ${older.version} can't read version ${newer.version}: ${why}`),
  ];
}
