const OFFSET = /^(?:Z|([+-])([0-9]{2})(?::?([0-9]{2}))?)$/;

/** Texts that are an offset: `Z`, `+02`, `+0200`, `+02:00`; up to 18 hours, as in the JDK. */
export const OFFSET_SHAPE = '(?:Z|[+-](?:(?:0[0-9]|1[0-7])(?::?[0-5][0-9])?|18(?::?00)?))';

/** An offset's seconds ahead of UTC; undefined where the text is none. */
export function offsetSeconds(text: string): number | undefined {
  const [match, sign, hours = '0', minutes = '0'] = OFFSET.exec(text) ?? [];
  const seconds = Number(hours) * 3600 + Number(minutes) * 60;
  if (match === undefined || Number(minutes) > 59 || seconds > 18 * 3600) return undefined;
  return sign === '-' ? -seconds || 0 : seconds;
}
