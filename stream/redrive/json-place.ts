/** Where a value stands in a text of JSON. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** The text of the value at a place of valid JSON, as it stands there; undefined where there is none. */
export function textAtPlace(json: string, steps: readonly string[]): string | undefined {
  const span = find(json, steps);
  return span && json.slice(span.start, span.end);
}

/**
 * Valid JSON with another value at a place, all else as it stands there, to the last digit; what an object lacks is
 * added to it. Undefined where no object or array can hold the place.
 */
export function withTextAt(json: string, steps: readonly string[], text: string): string | undefined {
  const span = find(json, steps);
  if (span !== undefined) return json.slice(0, span.start) + text + json.slice(span.end);
  const name = steps.at(-1);
  if (name === undefined) return undefined;
  const above = steps.slice(0, -1);
  const parent = find(json, above);
  const member = `${JSON.stringify(name)}:${text}`;
  if (parent === undefined) return withTextAt(json, above, `{${member}}`);
  if (json[parent.start] !== '{') return undefined;
  const isEmpty = json.slice(parent.start + 1, parent.end - 1).trim() === '';
  return `${json.slice(0, parent.end - 1)}${isEmpty ? '' : ','}${member}${json.slice(parent.end - 1)}`;
}

function find(json: string, steps: readonly string[]): Span | undefined {
  const start = passBlanks(json, 0);
  let span: Span = { start, end: valueEnd(json, start) };
  for (const step of steps) {
    const next = children(json, span.start).find(({ name }) => name === step);
    if (next === undefined) return undefined;
    span = next;
  }
  return span;
}

/** The members of the object, or the elements of the array, that begins at a place; none of anything else. */
function children(json: string, start: number): (Span & { readonly name: string })[] {
  const isObject = json[start] === '{';
  if (!isObject && json[start] !== '[') return [];
  const found: (Span & { name: string })[] = [];
  let at = passBlanks(json, start + 1);
  while (at < json.length && json[at] !== '}' && json[at] !== ']') {
    let name = String(found.length);
    if (isObject) {
      const end = valueEnd(json, at);
      name = String(JSON.parse(json.slice(at, end)));
      at = passBlanks(json, passBlanks(json, end) + 1);
    }
    const end = valueEnd(json, at);
    found.push({ name, start: at, end });
    at = passBlanks(json, end);
    if (json[at] === ',') at = passBlanks(json, at + 1);
  }
  return found;
}

/** Behind the value that begins at a place. */
function valueEnd(json: string, start: number): number {
  let [at, depth] = [start, 0];
  do {
    const sign = json[at];
    if (sign === '"') at = textEnd(json, at) - 1;
    else if (sign === '{' || sign === '[') depth++;
    else if (sign === '}' || sign === ']') depth--;
    else if (depth === 0) return wordEnd(json, at);
    at++;
  } while (depth > 0 && at < json.length);
  return at;
}

function textEnd(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}

function wordEnd(json: string, start: number): number {
  let at = start;
  while (at < json.length && !/[\s,\]}]/.test(json[at] ?? '')) at++;
  return at;
}

function passBlanks(json: string, start: number): number {
  let at = start;
  while (at < json.length && /\s/.test(json[at] ?? '')) at++;
  return at;
}
