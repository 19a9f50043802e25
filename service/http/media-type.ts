/** The first of some media types, by what an Accept header wants most; undefined where it wants none of them. */
export function wantedType<Name extends string>(
  accept: string | undefined,
  types: Readonly<Record<Name, string>>,
): Name | undefined {
  const names = Object.keys(types) as Name[];
  for (const wanted of wantedTypes(accept ?? '*/*')) {
    const found = names.find((name) => isMeant(bare(types[name]), wanted));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `text/csv;q=0.5, application/json` → what is wanted, most first. */
function wantedTypes(accept: string): string[] {
  return accept
    .split(',')
    .map((part) => {
      const [, q = '1'] = /;\s*q=([\d.]+)/i.exec(part) ?? [];
      return { type: bare(part), q: Number(q) };
    })
    .filter(({ q }) => q > 0)
    .sort((one, other) => other.q - one.q)
    .map(({ type }) => type);
}

const bare = (type: string): string => (type.split(';')[0] ?? '').trim().toLowerCase();

function isMeant(type: string, wanted: string): boolean {
  return wanted === '*/*' || wanted === type || wanted === `${type.split('/')[0]}/*`;
}
