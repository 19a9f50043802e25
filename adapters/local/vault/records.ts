import { Buffer } from 'node:buffer';
import { copyBytes } from '../../../etl/privacy/cells/copy-bytes.ts';

/** Records of one width in one piece of memory, ordered by their first bytes, which are a key and unique. */
export interface RecordShape {
  readonly widthBytes: number;
  readonly keyBytes: number;
}

/** Nothing to be added, or nothing there. */
export const NO_RECORDS = Buffer.alloc(0);

/** Where the record with a key begins; -1 where there is none. */
export const findRecord = (records: Buffer, shape: RecordShape, key: Uint8Array): number =>
  findRecordOf(records, shape, { keys: key, at: 0 });

/** The same of a key that stands somewhere among others. */
export function findRecordOf(
  records: Buffer,
  shape: RecordShape,
  { keys, at }: { readonly keys: Uint8Array; readonly at: number },
): number {
  const { start, end } = placeOf(records, shape, { keys, at, from: 0 });
  return end > start ? start : -1;
}

/** So many records can be put in order at once. */
const MOST_ORDERED = 2 ** 21;

/**
 * The records with others among them, which are in no order; one that has the key of another takes its place, and of several
 * the last.
 */
export function withRecords(records: Buffer, shape: RecordShape, others: Buffer): Buffer {
  const { widthBytes } = shape;
  const most = MOST_ORDERED * widthBytes;
  if (others.length > most)
    return withRecords(withRecords(records, shape, others.subarray(0, most)), shape, others.subarray(most));
  const out = Buffer.allocUnsafe(records.length + others.length);
  let [from, length] = [0, 0];
  for (const at of inOrder(others, shape)) {
    const place = placeOf(records, shape, { keys: others, at, from });
    length += records.copy(out, length, from, place.start);
    length = copyBytes({ bytes: others, start: at, end: at + widthBytes }, out, length);
    from = place.end;
  }
  length += records.copy(out, length, from);
  return out.subarray(0, length);
}

/** Where records begin, by the order of their keys, and of those with the same key the last. */
function inOrder(records: Buffer, { widthBytes, keyBytes }: RecordShape): number[] {
  // The first bytes of a key and the record's number are one exact number: such are sorted at a tenth of the time.
  const order = new Float64Array(records.length / widthBytes);
  for (let n = 0; n < order.length; n++) order[n] = firstBytes(records, n * widthBytes) * MOST_ORDERED + n;
  order.sort();
  const places: number[] = [];
  for (let n = 0; n < order.length; n++) {
    const at = ((order[n] ?? 0) % MOST_ORDERED) * widthBytes;
    // Keys are random, and seldom have so much in common that the rest decides.
    let to = places.length;
    while (to > 0 && firstBytes(records, places[to - 1] ?? 0) === firstBytes(records, at)) {
      const before = places[to - 1] ?? 0;
      if (records.compare(records, at, at + keyBytes, before, before + keyBytes) < 0) break;
      to--;
    }
    if (to === places.length) {
      places.push(at);
      continue;
    }
    const next = places[to];
    const isSame =
      next !== undefined && records.compare(records, at, at + keyBytes, next, next + keyBytes) === 0;
    places.splice(to, isSame ? 1 : 0, at);
  }
  return places;
}

/** The records that a test is true for. */
export function filterRecords(
  records: Buffer,
  { widthBytes }: RecordShape,
  isKept: (record: Buffer) => boolean,
): Buffer {
  const kept: Buffer[] = [];
  let from = 0;
  for (let at = 0; at < records.length; at += widthBytes) {
    if (isKept(records.subarray(at, at + widthBytes))) continue;
    kept.push(records.subarray(from, at));
    from = at + widthBytes;
  }
  return kept.length === 0 ? records : Buffer.concat([...kept, records.subarray(from)]);
}

/** A key among others, and from where on it is looked for. */
interface Sought {
  readonly keys: Uint8Array;
  readonly at: number;
  readonly from: number;
}

/** Where a record with a key stands, or would stand between two others. */
function placeOf(records: Buffer, { widthBytes, keyBytes }: RecordShape, { keys, at, from }: Sought): Span {
  const first = firstBytes(keys, at);
  let [low, high] = [from / widthBytes, records.length / widthBytes];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const start = middle * widthBytes;
    // Keys are random: their first bytes nearly always decide, at a tenth of the time of comparing all.
    const order =
      firstBytes(records, start) - first || records.compare(keys, at, at + keyBytes, start, start + keyBytes);
    if (order === 0) return { start, end: start + widthBytes };
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return { start: low * widthBytes, end: low * widthBytes };
}

function firstBytes(bytes: Uint8Array, at: number): number {
  const rest = ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
  return (bytes[at] ?? 0) * 2 ** 24 + rest;
}

interface Span {
  readonly start: number;
  readonly end: number;
}
