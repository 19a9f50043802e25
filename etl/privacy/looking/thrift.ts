import { Buffer } from 'node:buffer';

/** A value of Thrift's compact protocol: structs by field ids. Integers past 2^53 lose digits. */
export type ThriftValue = boolean | number | Uint8Array | readonly ThriftValue[] | ThriftStruct;
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;

const [STOP, TRUE, FALSE, BYTE, DOUBLE, BINARY, LIST, SET, MAP, STRUCT] = [0, 1, 2, 3, 7, 8, 9, 10, 11, 12];

/**
 * Reads a struct of Thrift's compact protocol
 * (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md); returns it and where it ends. Throws
 * RangeError where the bytes are none.
 */
export function readThrift(
  bytes: Uint8Array,
  start = 0,
): { readonly struct: ThriftStruct; readonly end: number } {
  const reader = new Reader(bytes, start);
  return { struct: reader.struct(), end: reader.at };
}

class Reader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  struct(): ThriftStruct {
    const fields = new Map<number, ThriftValue>();
    let id = 0;
    for (let head = this.#byte(); head !== STOP; head = this.#byte()) {
      const [delta, type] = [head >>> 4, head & 15];
      id = delta === 0 ? this.#zigzag() : id + delta;
      fields.set(id, type === TRUE || type === FALSE ? type === TRUE : this.#value(type));
    }
    return fields;
  }

  #value(type: number): ThriftValue {
    if (type === BINARY) return this.#take(this.#varint());
    if (type === DOUBLE) return Buffer.from(this.#take(8)).readDoubleLE();
    if (type === LIST || type === SET) return this.#list();
    if (type === MAP) return this.#map();
    if (type === STRUCT) return this.struct();
    if (type === TRUE || type === FALSE) return this.#byte() === TRUE;
    if (type === BYTE) return this.#byte();
    if (type > BYTE && type < DOUBLE) return this.#zigzag();
    throw new RangeError('its metadata have a type that is none');
  }

  #list(): readonly ThriftValue[] {
    const head = this.#byte();
    const size = head >>> 4 === 15 ? this.#varint() : head >>> 4;
    return Array.from({ length: size }, () => this.#value(head & 15));
  }

  #map(): readonly ThriftValue[] {
    const size = this.#varint();
    const types = size === 0 ? 0 : this.#byte();
    return Array.from({ length: size * 2 }, (_, n) => this.#value(n % 2 === 0 ? types >>> 4 : types & 15));
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new RangeError('its metadata end too early');
    return byte;
  }

  #take(length: number): Uint8Array {
    if (this.at + length > this.#bytes.length) throw new RangeError('its metadata end too early');
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }
}
