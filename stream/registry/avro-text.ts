import type { AvroNode } from './avro-json.ts';
import { dateText, decimalText, momentText, timeText } from './moment-text.ts';
import { uuidOf } from './wire-format.ts';

/**
 * A decoded value as JSON: numbers exact, decimals as numbers, dates and times as ISO 8601, bytes as Base64, the value of a
 * union alone. Longs are bigints, values of unions name their branch.
 */
export function avroText(node: AvroNode, value: unknown): string {
  switch (node.type) {
    case 'union':
      return unionText(node, value);
    case 'record': {
      const record = value as Readonly<Record<string, unknown>>;
      const members = node.fields.map(
        ({ name, node: field }) => `${JSON.stringify(name)}:${avroText(field, record[name])}`,
      );
      return `{${members.join(',')}}`;
    }
    case 'array':
      return `[${(value as readonly unknown[]).map((one) => itemText(node, one)).join(',')}]`;
    case 'map': {
      const entries = Object.entries(value as Readonly<Record<string, unknown>>);
      return `{${entries.map(([name, one]) => `${JSON.stringify(name)}:${itemText(node, one)}`).join(',')}}`;
    }
    case 'bytes':
    case 'fixed':
      return bytesText(node, value as Uint8Array);
    case 'int':
    case 'long':
      return integerText(node, BigInt(value as number | bigint));
    case 'float':
    case 'double':
      return Number.isFinite(value) ? JSON.stringify(value) : JSON.stringify(String(value));
    default:
      return JSON.stringify(value);
  }
}

function unionText({ branches }: AvroNode, value: unknown): string {
  if (value === null) return 'null';
  const [[name, inner] = ['', undefined]] = Object.entries(value as object);
  const branch = branches.get(name);
  if (branch === undefined) throw new RangeError('a value is of no branch of its union');
  return avroText(branch, inner);
}

function itemText({ items }: AvroNode, value: unknown): string {
  if (items === undefined) throw new RangeError('an array or map has no type of its items');
  return avroText(items, value);
}

function bytesText({ logicalType, scale }: AvroNode, bytes: Uint8Array): string {
  if (logicalType === 'decimal') return decimalText(bytes, scale);
  if (logicalType === 'uuid' && bytes.length === 16) return JSON.stringify(uuidOf(bytes));
  return JSON.stringify(Buffer.from(bytes).toString('base64'));
}

/** Units of a second, by what logical types end in. */
const UNITS: Readonly<Record<string, bigint>> = { millis: 1000n, micros: 1_000_000n, nanos: 1_000_000_000n };

function integerText({ logicalType = '' }: AvroNode, value: bigint): string {
  if (logicalType === 'date') return JSON.stringify(dateText(value));
  const [, kind, unit = ''] = /^(time|timestamp|local-timestamp)-(\w+)$/.exec(logicalType) ?? [];
  const perSecond = UNITS[unit];
  if (kind === undefined || perSecond === undefined) return String(value);
  if (kind === 'time') return JSON.stringify(timeText(value, perSecond));
  const text = momentText(value, perSecond);
  return text === undefined ? String(value) : JSON.stringify(kind === 'timestamp' ? `${text}Z` : text);
}
