import type { ColumnType } from './schema.ts';
import { parseScalar, printScalar, type Scalar } from './value.ts';

/** Code points of a string, or bytes of a binary, that a bound keeps, as Iceberg's default `truncate(16)` does. */
const KEPT = 16;

/**
 * A column's bound in Iceberg's single-value binary form (https://iceberg.apache.org/spec/#binary-single-value-serialization)
 * from the text that DuckDB printed. A shortened lower bound is a prefix, a shortened upper bound the next
 * greater prefix. Undefined where no correct bound can be given: infinity, NaN, nothing greater.
 */
export function encodeBound(text: string, type: ColumnType, side: 'lower' | 'upper'): Uint8Array | undefined {
  const value = parseScalar(text, type);
  if (value === undefined) return undefined;
  if (typeof value === 'string') return encodeText(value, side);
  if (value instanceof Uint8Array) return side === 'lower' ? value.subarray(0, KEPT) : upperBytes(value);
  return encodeNumber(value, type, side);
}

/** The bound as DuckDB prints such a value (binary as hex); undefined when the bytes aren't of the type. */
export function decodeBound(bytes: Uint8Array, type: ColumnType): string | undefined {
  const value = decodeScalar(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), type);
  return value === undefined ? undefined : printScalar(value, type);
}

function encodeText(text: string, side: 'lower' | 'upper'): Uint8Array | undefined {
  // 2 units hold any code point, so this slice holds more than KEPT of them if the text does.
  const points = Array.from(text.slice(0, 2 * (KEPT + 1)));
  if (points.length <= KEPT) return Buffer.from(text);
  const prefix = points.slice(0, KEPT);
  const bound = side === 'lower' ? prefix.join('') : upperText(prefix);
  return bound === undefined ? undefined : Buffer.from(bound);
}

/** The smallest text of at most as many code points that is greater than every text with this prefix. */
function upperText(prefix: readonly string[]): string | undefined {
  for (let last = prefix.length - 1; last >= 0; last -= 1) {
    const next = nextCodePoint(prefix[last]?.codePointAt(0) ?? 0);
    if (next !== undefined) return prefix.slice(0, last).join('') + String.fromCodePoint(next);
  }
  return undefined;
}

function nextCodePoint(point: number): number | undefined {
  if (point === 0x10ffff) return undefined;
  return point === 0xd7ff ? 0xe000 : point + 1;
}

function upperBytes(value: Uint8Array): Uint8Array | undefined {
  if (value.length <= KEPT) return value;
  for (let last = KEPT - 1; last >= 0; last -= 1) {
    const byte = value[last] ?? 0xff;
    if (byte !== 0xff) return Uint8Array.of(...value.subarray(0, last), byte + 1);
  }
  return undefined;
}

function encodeNumber(value: bigint | number, type: ColumnType, side: 'lower' | 'upper'): Uint8Array {
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(8);
    // -0.0 sorts before +0.0 in Iceberg but equals it in DuckDB, which prints either.
    bytes.writeDoubleLE(value === 0 ? (side === 'lower' ? -0 : 0) : value);
    return bytes;
  }
  if (type.kind === 'boolean') return Uint8Array.of(Number(value));
  if (type.kind === 'decimal') return encodeUnscaled(value);
  const bytes = Buffer.alloc(type.kind === 'int' || type.kind === 'date' ? 4 : 8);
  if (bytes.length === 4) bytes.writeInt32LE(Number(value));
  else bytes.writeBigInt64LE(value);
  return bytes;
}

/** Two's complement, big-endian, in as few bytes as hold it. */
function encodeUnscaled(value: bigint): Uint8Array {
  let length = 1;
  while (BigInt.asIntN(8 * length, value) !== value) length += 1;
  const hex = BigInt.asUintN(8 * length, value)
    .toString(16)
    .padStart(2 * length, '0');
  return Buffer.from(hex, 'hex');
}

function decodeScalar(bytes: Buffer, type: ColumnType): Scalar | undefined {
  switch (type.kind) {
    case 'string':
      return bytes.toString('utf8');
    case 'binary':
      return bytes;
    case 'boolean':
      return bytes.length === 1 ? BigInt(bytes.readUInt8()) : undefined;
    case 'double':
      return bytes.length === 8 ? bytes.readDoubleLE() : undefined;
    case 'decimal':
      return bytes.length === 0
        ? undefined
        : BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString('hex')}`));
    case 'int':
    case 'date':
    case 'long':
    case 'timestamptz':
      // A bound of a column that was an int when the file was written keeps its 4 bytes.
      if (bytes.length === 4) return BigInt(bytes.readInt32LE());
      return bytes.length === 8 ? bytes.readBigInt64LE() : undefined;
    case 'list':
    case 'struct':
      return undefined;
  }
}
