/** What a text looks like, roughly: enough to compare columns, not to type them. */
export type TextKind = 'number' | 'date' | 'address' | 'text';

const NUMBER = /^[-+(]?\s?\p{Sc}?\s?[-+]?\d[\d.,'\u00a0 ]*\)?%?$/u;
const DATE = /^(\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}|\d{1,2}[ -]?[A-Za-z]{3,9}[ -]?\d{2,4})([T ]\d{1,2}:\d\d.*)?$/;
const ADDRESS = /^[a-z][a-z0-9+.-]*:\/\/\S+$|^[^@\s]+@[^@\s]+\.[^@\s]+$/i;

/** The kind of a text; undefined where it is blank. */
export function kindOfText(raw: string): TextKind | undefined {
  const text = raw.trim();
  if (text === '') return undefined;
  if (DATE.test(text)) return 'date';
  if (NUMBER.test(text)) return 'number';
  return ADDRESS.test(text) ? 'address' : 'text';
}

/** The kind of nine in ten of some texts, else `text`; undefined where all are blank. */
export function kindOfColumn(texts: Iterable<string>): TextKind | undefined {
  const counts = new Map<TextKind, number>();
  let total = 0;
  for (const text of texts) {
    const kind = kindOfText(text);
    if (kind === undefined) continue;
    total++;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  if (total === 0) return undefined;
  const [kind = 'text'] = [...counts].find(([, count]) => count >= total * 0.9) ?? [];
  return kind;
}
