import { pointerSteps } from '../../etl/jsonl/pointer.ts';
import type { Payload } from '../landing/payload.ts';

/** The text, number or truth value at a place in a payload, as text; undefined where there is none. */
export function textAt(payload: Payload, pointer: string): string | undefined {
  if (payload.kind !== 'json') return undefined;
  let value: unknown = payload.value;
  for (const step of pointerSteps(pointer) ?? [])
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? member(value, step)
        : undefined;
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined;
}

const member = (value: object, name: string): unknown => Reflect.get(value, name);
