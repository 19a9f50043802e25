import { z } from 'zod';
import { didYouMean } from './nearest.ts';
import type { Path, Problems } from './problems.ts';

/** Readers of single fields. Each says what is wrong and, with `hint`, what to write. */

/** `missing`, `empty`, `the number 5`, `'x'`, `a list`, `a map`. */
export function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null || value === '') return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return typeof value === 'string' ? `'${value}'` : `the ${typeof value} ${String(value)}`;
}

function wrong(value: unknown, expected: string, hint: string): string {
  const empty = value === undefined || value === null || value === '';
  return `is ${describe(value)}${empty ? '' : `, not ${expected}`}; ${hint}`;
}

/** A text with something in it, and no NUL, which no SQL literal can hold. */
export function text(hint: string): z.ZodType<string> {
  const schema = z.string({ error: (issue) => wrong(issue.input, 'a text', quoteHint(issue.input, hint)) });
  return schema
    .refine((value) => value.trim() !== '', { error: () => `is empty; ${hint}`, abort: true })
    .refine((value) => !value.includes('\0'), { error: () => `holds a NUL character; ${hint}`, abort: true });
}

function quoteHint(value: unknown, hint: string): string {
  return typeof value === 'number' || typeof value === 'boolean' ? `write it in quotes: '${value}'` : hint;
}

/** A text of a given form. */
export function matching(pattern: RegExp, hint: string): z.ZodType<string> {
  return text(hint).refine((value) => pattern.test(value), {
    error: (issue) => `is ${describe(issue.input)}; ${hint}`,
    abort: true,
  });
}

/** One of a few words. */
export function choice<const T extends readonly [string, ...string[]]>(
  values: T,
  why = '',
): z.ZodType<T[number]> {
  const hint = `write ${values.length === 1 ? values[0] : `one of ${values.join(', ')}`}${why}`;
  return z.enum(values, {
    error: ({ input }) =>
      `is ${describe(input)}; ${hint}${typeof input === 'string' && values.length > 1 ? didYouMean(input, values) : ''}`,
  });
}

/** true or false. */
export const flag: z.ZodType<boolean> = z.boolean({
  error: (issue) => wrong(issue.input, 'true or false', 'write true or false'),
});

/** A number in a closed range. */
export function amount(min: number, max: number): z.ZodType<number> {
  const hint = `write a number from ${min} to ${max}`;
  const error = (issue: { input?: unknown }): string => wrong(issue.input, 'such a number', hint);
  return z.number({ error }).min(min, { error }).max(max, { error });
}

/** A whole number of at least `min`. */
export function whole(min: number): z.ZodType<number> {
  const error = (issue: { input?: unknown }): string =>
    wrong(issue.input, 'such a number', `write a whole number of at least ${min}`);
  return z.int({ error }).min(min, { error });
}

/** A list; each entry that is wrong is one problem. */
export function listOf<T>(item: z.ZodType<T>, hint: string, least = 0): z.ZodType<T[]> {
  return z
    .array(item, { error: (issue) => wrong(issue.input, 'a list', hint) })
    .min(least, { error: () => `is an empty list; ${hint}` });
}

type Shape = Readonly<Record<string, z.ZodType>>;

/** What `readFields` gives: undefined where a field is absent or wrong. */
export type Fields<S extends Shape> = { readonly [K in keyof S]: z.output<S[K]> | undefined };

/** Reads each field on its own, so that one that is wrong hides no other. Fields not in `shape` are left alone. */
export function readFields<S extends Shape>(
  shape: S,
  value: unknown,
  path: Path,
  problems: Problems,
): Fields<S> {
  const map = asMap(value, path, problems) ?? {};
  const out: Record<string, unknown> = {};
  if (isMap(value)) {
    for (const [key, schema] of Object.entries(shape)) {
      out[key] = readValue(schema, map[key], [...path, key], problems);
    }
  }
  return out as Fields<S>;
}

/** Reads one value; undefined, and a problem, where it is wrong. */
export function readValue<T>(
  schema: z.ZodType<T>,
  value: unknown,
  path: Path,
  problems: Problems,
): T | undefined {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) problems.add([...path, ...issue.path.map(step)], issue.message);
  return undefined;
}

const step = (key: PropertyKey): string | number => (typeof key === 'number' ? key : String(key));

/** Whether a YAML value is a map. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as a map; anything else is a problem. */
function asMap(
  value: unknown,
  path: Path,
  problems: Problems,
): Readonly<Record<string, unknown>> | undefined {
  if (isMap(value)) return value;
  problems.add(path, wrong(value, 'a map', 'write its fields as `name: value`, one a line'));
  return undefined;
}

/** The value as a list; absent is an empty one, anything else is a problem. */
export function asList(value: unknown, path: Path, problems: Problems): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value !== undefined)
    problems.add(path, wrong(value, 'a list', 'write its entries one a line after `- `'));
  return [];
}

/** Every key of a map that isn't known is a problem: a misspelt check would otherwise be skipped in silence. */
export function refuseUnknown(
  value: unknown,
  known: readonly string[],
  path: Path,
  options: { readonly problems: Problems; readonly hint: string },
): void {
  if (!isMap(value)) return;
  for (const key of Object.keys(value).filter((name) => !known.includes(name))) {
    options.problems.add([...path, key], `is not a field here; ${options.hint}${didYouMean(key, known)}`);
  }
}
