/** Tabs and line ends aside, which SQL and reasons may have. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/** Where a value has a text with a control character in it: no SQL can have a NUL, and no log should have the others. */
export function controlIn(value: unknown, where: string): string | undefined {
  if (typeof value === 'string') return CONTROL.test(value) ? where : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, one] of Object.entries(value)) {
    if (CONTROL.test(key)) return where;
    const found = controlIn(one, `${where}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
