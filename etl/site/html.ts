declare const safe: unique symbol;

/** Text that is HTML; nothing else gets into a page unescaped. */
export type Html = string & { readonly [safe]: true };

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);

/** HTML with values put in: text is escaped, HTML stays, lists are joined. */
export function html(
  parts: TemplateStringsArray,
  ...values: readonly (Html | readonly Html[] | Text)[]
): Html {
  const text = values.map((value) => {
    if (value instanceof Text) return escaped(value.text);
    return typeof value === 'string' ? value : value.join('');
  });
  return parts.map((part, n) => `${part}${text[n] ?? ''}`).join('') as Html;
}

/** Text that is to be escaped. */
class Text {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Any text, to be put into HTML. */
export const text = (value: string | number): Text => new Text(String(value));

const STYLE = `:root{color-scheme:light dark;--line:#8884;--soft:#777;--accent:#0b6b50}
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;font-variant-numeric:tabular-nums}
a{color:var(--accent)}h1{margin-bottom:0}.soft{color:var(--soft)}
table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{text-align:left;vertical-align:top;padding:4px 12px 4px 0;border-bottom:1px solid var(--line)}
th{font-weight:600}td.n,th.n{text-align:right}code{font-size:.92em}pre{background:#8881;padding:12px;overflow:auto}
@media(prefers-color-scheme:dark){:root{--accent:#5fd3ab}}@media print{nav{display:none}}`;

/** A page as a whole. */
export function page(title: string, body: Html, note: string): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${text(title)}</title><style>${STYLE as Html}</style></head>
<body>${body}<p class="soft">${text(note)}</p></body></html>
`;
}

/** A table under its column names; a name that ends in `#` is one of numbers. */
export function table(names: readonly string[], rows: readonly (readonly Html[])[]): Html {
  const kind = names.map((name) => (name.endsWith('#') ? (' class="n"' as Html) : ('' as Html)));
  const head = names.map(
    (name, n) => html`<th${kind[n] ?? ('' as Html)}>${text(name.replace(/#$/, ''))}</th>`,
  );
  const body = rows.map(
    (row) => html`<tr>${row.map((cell, n) => html`<td${kind[n] ?? ('' as Html)}>${cell}</td>`)}</tr>\n`,
  );
  return html`<table><thead><tr>${head}</tr></thead><tbody>\n${body}</tbody></table>`;
}
