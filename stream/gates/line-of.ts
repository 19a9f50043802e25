import { landedLine } from '../landing/landed-line.ts';
import type { Payload } from '../landing/payload.ts';
import type { GateState } from './gate.ts';

/** A payload belongs to one event. */
const made = new WeakMap<Payload, Uint8Array>();

/** The line under which an event lands; made once. */
export function lineOf({ partition, event, payload }: GateState): Uint8Array {
  const known = made.get(payload);
  if (known !== undefined) return known;
  const line = landedLine(partition, event, payload);
  made.set(payload, line);
  return line;
}
