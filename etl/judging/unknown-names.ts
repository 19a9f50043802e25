/** A text, an opening or closing sign, or anything else, of JSON without white space. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{[]|[}\]]|[^"{}[\]]+/gs;

/** The names of an object's own members in the order in which they are written (`Object.keys` puts numbers first). */
export function memberNames(json: string): string[] {
  const names: string[] = [];
  let level = 0;
  let last = '';
  for (const [token] of json.matchAll(TOKEN)) {
    if (/^[{[]/.test(token)) level++;
    else if (/^[}\]]/.test(token)) level--;
    else if (level === 1 && token.startsWith(':') && last.startsWith('"'))
      names.push(JSON.parse(last) as string);
    last = token;
  }
  return names;
}
