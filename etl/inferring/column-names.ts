import { LINEAGE_NAMES, RESCUED_NAME } from '../contract/check-columns.ts';
import { normaliseHeader } from '../contract/header.ts';
import { headerWords } from './words.ts';

const TAKEN: readonly string[] = [...LINEAGE_NAMES, RESCUED_NAME];

/**
 * A column name for each header, in order: its words in lower case joined by underscores, made distinct by a number,
 * and never the header of another column.
 */
export function columnNames(headers: readonly string[]): string[] {
  const names = new Set<string>();
  for (const [n, header] of headers.entries()) {
    const others = new Set(headers.filter((_, m) => m !== n).map(normaliseHeader));
    const base = plainName(header) || `column_${n + 1}`;
    let name = base;
    for (let again = 2; names.has(name) || others.has(name) || TAKEN.includes(name); again++)
      name = `${base}_${again}`;
    names.add(name);
  }
  return [...names];
}

function plainName(header: string): string {
  const words = headerWords(header).map((word) => word.replace(/[^a-z0-9]/g, ''));
  const name = words.filter((word) => word !== '').join('_');
  return /^[0-9]/.test(name) ? `n_${name}` : name;
}
