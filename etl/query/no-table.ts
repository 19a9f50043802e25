import { nearestFew } from '../contract/nearest.ts';
import { ConfigError } from '../errors.ts';

/** Says that there is no such table, which ones are near, and how to see all; `names` are those of all tables. */
export function noTable(name: string, names: readonly string[], note = ''): ConfigError {
  const near = nearTables(name, names).map((one) => `'${one}'`);
  const meant = near.length === 0 ? '.' : `; did you mean ${near.join(' or ')}?`;
  return new ConfigError(
    'NO_TABLE',
    `There is no table '${name}'${meant}${note}\nSHOW TABLES lists all ${names.length}.`,
    { context: { table: name } },
  );
}

/** The tables that were likely meant: those of that name in another schema or domain first, then those spelled nearly so. */
function nearTables(name: string, names: readonly string[]): string[] {
  const wanted = name.toLowerCase().replaceAll('"', '');
  const short = wanted.split('.').at(-1) ?? wanted;
  const shortOf = (one: string): string => one.split('.')[1] ?? one;
  const same = names.filter((one) => shortOf(one) === short || shortOf(one).endsWith(`_${short}`));
  const near = nearestFew(wanted, names);
  const nearShort = nearestFew(short, new Set(names.map(shortOf)));
  const alike = [...near, ...nearShort.flatMap((one) => names.filter((full) => shortOf(full) === one))];
  const found = same.length > 0 ? same : alike;
  const all = [...new Set(found)];
  const inSchema = all.filter((one) => one.startsWith(`${wanted.split('.')[0]}.`));
  return (inSchema.length > 0 ? inSchema : all).slice(0, 4);
}
