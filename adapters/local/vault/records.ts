import { Buffer } from 'node:buffer';

/** Records of one width in one piece of memory, ordered by their first bytes, which are a key and unique. */
export interface RecordShape {
  readonly widthBytes: number;
  readonly keyBytes: number;
}

/** Where the record with a key begins; -1 where there is none. */
export function findRecord(records: Buffer, shape: RecordShape, key: Uint8Array): number {
  const { start, end } = placeOf(records, shape, key);
  return end > start ? start : -1;
}

/** The records with others among them; one that has the key of another takes its place, and of several the last. */
export function withRecords(records: Buffer, shape: RecordShape, others: readonly Buffer[]): Buffer {
  const out = Buffer.allocUnsafe(records.length + others.length * shape.widthBytes);
  let [from, length] = [0, 0];
  for (const record of inOrder(others, shape)) {
    const place = placeOf(records, shape, record);
    length += records.copy(out, length, from, place.start);
    length += record.copy(out, length);
    from = place.end;
  }
  length += records.copy(out, length, from);
  return out.subarray(0, length);
}

/** Records by their keys, and of those with the same key the last. */
function inOrder(records: readonly Buffer[], { keyBytes }: RecordShape): Buffer[] {
  const compared = records.map((record) => ({ record, first: firstBytes(record) }));
  const compare = (a: Compared, b: Compared): number =>
    a.first - b.first || a.record.compare(b.record, 0, keyBytes, 0, keyBytes);
  return compared
    .sort(compare)
    .flatMap((one, n, { [n + 1]: next }) =>
      next !== undefined && compare(one, next) === 0 ? [] : [one.record],
    );
}

interface Compared {
  readonly record: Buffer;
  readonly first: number;
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

/** Where a record with a key stands, or would stand between two others. */
function placeOf(records: Buffer, { widthBytes, keyBytes }: RecordShape, key: Uint8Array): Span {
  const first = firstBytes(key);
  let [low, high] = [0, records.length / widthBytes];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = middle * widthBytes;
    // Keys are random: their first bytes nearly always decide, at a tenth of the time of comparing all.
    const order = records.readUInt32BE(at) - first || records.compare(key, 0, keyBytes, at, at + keyBytes);
    if (order === 0) return { start: at, end: at + widthBytes };
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return { start: low * widthBytes, end: low * widthBytes };
}

function firstBytes(key: Uint8Array): number {
  const [a, b, c, d] = [key[0] ?? 0, key[1] ?? 0, key[2] ?? 0, key[3] ?? 0];
  return a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d;
}

interface Span {
  readonly start: number;
  readonly end: number;
}
