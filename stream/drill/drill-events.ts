import { Buffer } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import type { Dice } from '../../etl/drill/dice.ts';
import type { ObservedEvent } from '../event.ts';
import { ORDER_TYPE, SCHEMA_TOTAL } from './drill-contract.ts';

/** What an event was made to be: good passes every gate, unless a service that judging needs was gone. */
export const EVENT_KINDS = [
  ...['good', 'good', 'good', 'good', 'good', 'good'],
  ...['no customer', 'below nothing', 'beyond the schema', 'another type'],
  ...['tombstone', 'no UTF-8', 'no JSON', 'packed bomb', 'a megabyte', 'a megabyte of nothing'],
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** An event of a drill. */
export interface DrawnEvent {
  readonly kind: EventKind;
  readonly event: ObservedEvent;
}

const MEGABYTE = 1 << 20;
/** What unpacks to 32 MB. */
const BOMB = gzipSync(Buffer.alloc(32 * MEGABYTE));
const RARE: ReadonlySet<EventKind> = new Set(['packed bomb', 'a megabyte', 'a megabyte of nothing']);

/** Draws an event at an offset; large ones are rare. */
export function drawEvent(
  dice: Dice,
  place: { readonly partition: number; readonly offset: number },
): DrawnEvent {
  const [first, ...others] = EVENT_KINDS;
  const drawn = dice.pick<EventKind>([first, ...others]);
  const kind = RARE.has(drawn) && dice.chance(0.7) ? 'good' : drawn;
  const id = `o-${place.partition}-${place.offset}`;
  return {
    kind,
    event: {
      offset: place.offset,
      timestampMs: Date.UTC(2024, 5, 1) + place.offset * 1000 + place.partition,
      key: dice.chance(0.9) ? Buffer.from(id) : null,
      // So an unreadable event may be known for an order, or not.
      headers: dice.chance(0.5) ? [{ name: 'event_type', value: Buffer.from(ORDER_TYPE) }] : [],
      value: payloadOf(kind, id),
    },
  };
}

function payloadOf(kind: EventKind, id: string): Uint8Array | null {
  switch (kind) {
    case 'no customer':
      return order(id, { customer_id: undefined });
    case 'below nothing':
      return order(id, { total: -1 });
    case 'beyond the schema':
      return order(id, { total: SCHEMA_TOTAL + 1 });
    case 'another type':
      return order(id, {}, 'drill.order.shipped');
    case 'tombstone':
      return null;
    case 'no UTF-8':
      return Buffer.concat([Buffer.from('{"note":"'), Buffer.from([0xc3, 0x28, 0xff]), Buffer.from('"}')]);
    case 'no JSON':
      return Buffer.from(`order=${id};customer`);
    case 'packed bomb':
      return BOMB;
    case 'a megabyte':
      // A line of a mebibyte is refused, whatever stands in it.
      return order(id, { note: 'x'.repeat(1_000_000) });
    case 'a megabyte of nothing':
      return Buffer.alloc(MEGABYTE, '[');
    default:
      return order(id, {});
  }
}

const order = (id: string, data: object, type = ORDER_TYPE): Buffer =>
  Buffer.from(
    JSON.stringify({
      ...{ specversion: '1.0', id, source: '/drill', type, time: '2024-06-01T00:00:00Z' },
      data: { order_id: id, customer_id: 'c-1', total: 12.5, ...data },
    }),
  );

/** Whether an event of a kind is meant to pass. */
export const isGood = (kind: EventKind): boolean => kind === 'good' || kind === 'a megabyte';
