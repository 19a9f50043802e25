import { createHash } from 'node:crypto';
import type { SourceContract } from '../../etl/contract/contract.ts';
import type { OracleRecord } from './parse-records.ts';

/** A value of JSON; a number is its text, a text apart from it. */
type Value =
  | null
  | boolean
  | { readonly number: string }
  | { readonly text: string }
  | readonly Value[]
  | ReadonlyMap<string, Value>;

/** Objects and arrays in one another. */
const MOST_LEVELS = 200;
const EXCERPT_BYTES = 4096;

/** The records of JSON Lines by a parser of its own: a field a column, and one that says whether more is there. */
export function parseJsonLines(bytes: Buffer, { columns, limits }: SourceContract): OracleRecord[] {
  const lines = bytes.toString('latin1').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line, n): OracleRecord => {
    const text = line.replace(/\r$/, '');
    const broken = { kind: 'broken', text: decoded(text) ?? text, line: n + 1 } as const;
    if (text.length > limits.maxRecordBytes)
      return {
        ...broken,
        text: excerptOf(line),
        hash: createHash('sha256').update(line, 'latin1').digest('hex'),
      };
    if (/^[ \t\r]*$/.test(text)) return { kind: 'blank', text };
    const utf8 = decoded(text);
    const record = utf8 === undefined ? undefined : parse(utf8);
    if (utf8 === undefined || !(record instanceof Map)) return broken;
    const known = new Set(columns.map(({ name }) => name));
    const hasMore = [...record].some(([name, value]) => value !== null && !known.has(name));
    const fields = columns.map(({ name }) => textOf(record.get(name) ?? null));
    return { kind: 'fields', fields: [...fields, hasMore ? 'more' : null], text: utf8, line: n + 1 };
  });
}

/** Bytes, one a character, as UTF-8; undefined where they are not. */
function decoded(bytes: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return undefined;
  }
}

/** The beginning of a long line, to the last whole character where it is UTF-8. */
function excerptOf(line: string): string {
  const head = line.slice(0, EXCERPT_BYTES);
  for (const less of [0, 1, 2, 3]) {
    const text = decoded(head.slice(0, head.length - less));
    if (text !== undefined) return text;
  }
  return head;
}

function textOf(value: Value): string | null {
  if (value === null) return null;
  if (typeof value === 'object' && 'text' in value) return value.text;
  return canonical(value);
}

function canonical(value: Value): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value instanceof Map) {
    return `{${[...value].map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join(',')}}`;
  }
  return 'number' in value ? value.number : JSON.stringify((value as { text: string }).text);
}

/** What a text is, or undefined where it is no JSON, or more than the tables can hold. */
function parse(text: string): Value | undefined {
  const tokens = tokensOf(text);
  if (tokens === undefined) return undefined;
  let at = 0;
  const fail = new SyntaxError('no JSON');
  const take = (sign: string): void => {
    if (tokens[at++] !== sign) throw fail;
  };
  const items = (close: string, item: () => void): void => {
    at++;
    if (tokens[at] === close) {
      at++;
      return;
    }
    for (;;) {
      item();
      if (tokens[at] === close) break;
      take(',');
    }
    at++;
  };
  const value = (level: number): Value => {
    const token = tokens[at] ?? '';
    if (token === '{' || token === '[') {
      if (level > MOST_LEVELS) throw fail;
      if (token === '[') {
        const list: Value[] = [];
        items(']', () => list.push(value(level + 1)));
        return list;
      }
      const members = new Map<string, Value>();
      items('}', () => {
        const name = unquoted(tokens[at++] ?? '');
        take(':');
        if (members.has(name)) throw fail;
        members.set(name, value(level + 1));
      });
      return members;
    }
    at++;
    if (token === 'null') return null;
    if (token === 'true' || token === 'false') return token === 'true';
    return /^[-\d]/.test(token) ? { number: token } : { text: unquoted(token) };
  };
  const unquoted = (token: string): string => {
    if (!token.startsWith('"')) throw fail;
    const inner = JSON.parse(token) as string;
    if (inner.includes('\0') || /\p{Surrogate}/u.test(inner)) throw fail;
    return inner;
  };
  try {
    const whole = value(1);
    return at === tokens.length ? whole : undefined;
  } catch {
    return undefined;
  }
}

const TOKEN =
  /[ \t\r\n]*(?:([{}[\],:]|true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|"(?:[^"\\\p{Cc}]|[\x7f-\x9f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|$)/uy;

/** The tokens of a text; undefined where something else stands among them. Two numbers or words in a row are no value and so refused later. */
function tokensOf(text: string): string[] | undefined {
  const tokens: string[] = [];
  for (let at = 0; at < text.length; ) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (found === null) return undefined;
    if (found[1] !== undefined) tokens.push(found[1]);
    at = TOKEN.lastIndex;
    if (found[0] === '') break;
  }
  return tokens;
}
