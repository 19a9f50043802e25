/**
 * Runs within the context of a projection's code, before it: only its own text gets there, so that it may use nothing from
 * around it. Takes out of reach what would make two folds of the same events differ, and what lies outside of the heap's
 * limit; gives the code exact sums of decimals. A guard against accidents, no security boundary.
 */
export function prelude(context: Record<string, unknown>): void {
  const refuse = (what: string): never => {
    throw new Error(
      `${what} is out of reach of a projection: the same events must always give the same state; take it from the event`,
    );
  };
  const gone = [
    ...[
      'Intl',
      'WebAssembly',
      'Atomics',
      'SharedArrayBuffer',
      'ArrayBuffer',
      'DataView',
      'console',
      'WeakRef',
    ],
    ...['FinalizationRegistry', 'Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array'],
    ...['Int32Array', 'Uint32Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array'],
  ];
  for (const name of gone)
    Object.defineProperty(context, name, { get: () => refuse(name), configurable: true });
  Math.random = () => refuse('Math.random');
  context.require = (name: unknown) =>
    refuse(`The module ${String(name)} (import types alone: import type { … })`);

  const RealDate = Date;
  const moment = (text: unknown): number => {
    const isClear =
      typeof text === 'number' || /^\d{4}-\d{2}-\d{2}(T.*(Z|[+-]\d{2}:\d{2}))?$/.test(String(text));
    return isClear ? new RealDate(text as number).getTime() : refuse('A date without its time zone');
  };
  const clock = new Proxy(RealDate, {
    apply: () => refuse('The clock'),
    construct: (_, args) => (args.length === 1 ? new RealDate(moment(args[0])) : refuse('The clock')),
    get: (target, name) => {
      if (name === 'now') return () => refuse('The clock');
      return name === 'parse' ? moment : Reflect.get(target, name);
    },
  });
  RealDate.prototype.constructor = clock;
  context.Date = clock;
  const isLocal =
    /^(toLocale|localeCompare$)|^(get|set)(Date|Day|FullYear|Hours|Minutes|Month|Seconds|Milliseconds|TimezoneOffset|Year)$|^to(Date|Time)?String$/;
  const words = /^(toLocale|localeCompare$)/;
  for (const name of Object.getOwnPropertyNames(RealDate.prototype))
    if (isLocal.test(name))
      Object.defineProperty(RealDate.prototype, name, { value: () => refuse(`Date.${name}`) });
  for (const { prototype } of [String, Number, Array, BigInt, Object])
    for (const name of Object.getOwnPropertyNames(prototype))
      if (words.test(name)) Object.defineProperty(prototype, name, { value: () => refuse(name) });

  // What a state's JSON holds in the place of a bigint.
  Object.defineProperty(BigInt.prototype, 'toJSON', {
    value(this: bigint) {
      return { $long: this.toString() };
    },
  });

  const read = (value: unknown): { digits: bigint; scale: number } => {
    const [, sign = '', whole = '', part = ''] = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(String(value)) ?? [];
    if (whole === '') throw new TypeError('decimal: this is no decimal number as text, e.g. 12.50');
    return { digits: BigInt(`${sign === '-' ? '-' : ''}${whole}${part}`), scale: part.length };
  };
  const write = (digits: bigint, scale: number): string => {
    const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
    const sign = digits < 0n ? '-' : '';
    return scale === 0 ? sign + text : `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`;
  };
  const both = (a: unknown, b: unknown): { x: bigint; y: bigint; scale: number } => {
    const [left, right] = [read(a), read(b)];
    const scale = Math.max(left.scale, right.scale);
    const to = ({ digits, scale: own }: { digits: bigint; scale: number }): bigint =>
      digits * 10n ** BigInt(scale - own);
    return { x: to(left), y: to(right), scale };
  };
  context.decimal = Object.freeze({
    add(a: unknown, b: unknown) {
      const { x, y, scale } = both(a, b);
      return write(x + y, scale);
    },
    sub(a: unknown, b: unknown) {
      const { x, y, scale } = both(a, b);
      return write(x - y, scale);
    },
    mul(a: unknown, b: unknown) {
      const [left, right] = [read(a), read(b)];
      return write(left.digits * right.digits, left.scale + right.scale);
    },
    compare(a: unknown, b: unknown) {
      const { x, y } = both(a, b);
      return x < y ? -1 : x > y ? 1 : 0;
    },
  });
}
