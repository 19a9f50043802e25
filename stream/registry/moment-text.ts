const DAY_SECONDS = 86_400n;

/** Quotient and remainder with a remainder that is never negative. */
function divided(value: bigint, by: bigint): readonly [bigint, bigint] {
  const rest = ((value % by) + by) % by;
  return [(value - rest) / by, rest];
}

/** Days since 1970-01-01 → `2026-11-29`; the number itself where no calendar has that day. */
export function dateText(days: bigint): string {
  const date = new Date(Number(days) * Number(DAY_SECONDS) * 1000);
  return Number.isNaN(date.getTime()) ? String(days) : date.toISOString().slice(0, -'T00:00:00.000Z'.length);
}

/** Units since midnight → `12:01:02.120`. */
export function timeText(value: bigint, perSecond: bigint): string {
  const [seconds, fraction] = divided(value, perSecond);
  const two = (one: bigint): string => String(one).padStart(2, '0');
  return `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}${fractionText(fraction, perSecond)}`;
}

/** Units since 1970 → `2026-01-13T12:01:02.120`, without a zone; undefined where no calendar has that moment. */
export function momentText(value: bigint, perSecond: bigint): string | undefined {
  const [seconds, fraction] = divided(value, perSecond);
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return undefined;
  return `${date.toISOString().slice(0, -'.000Z'.length)}${fractionText(fraction, perSecond)}`;
}

function fractionText(fraction: bigint, perSecond: bigint): string {
  const digits = String(perSecond).length - 1;
  return fraction === 0n ? '' : `.${String(fraction).padStart(digits, '0')}`;
}

/** A two's complement number, most significant byte first, with so many digits behind the point: `-12.30`. */
export function decimalText(bytes: Uint8Array, scale: number): string {
  const hex = Buffer.from(bytes).toString('hex');
  const unscaled = BigInt.asIntN(bytes.length * 8, hex === '' ? 0n : BigInt(`0x${hex}`));
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const fraction = scale === 0 ? '' : `.${digits.slice(-scale)}`;
  return `${unscaled < 0n ? '-' : ''}${whole}${fraction}`;
}
