import type { SourceContract } from '../contract/contract.ts';
import { normaliseHeader } from '../contract/header.ts';
import { editDistance } from '../contract/nearest.ts';

/**
 * Describes a header's names in a reason. Without a header, those names are the first record: its texts are quoted only
 * where they are nearly column names; otherwise by position.
 */

/** `its header line has 3 fields, none of which names a column of the contract: …`: what stands where columns are missing. */
export function headerInWords(names: readonly string[], contract: SourceContract): string {
  const spellings = spellingsOf(contract);
  const known = names.filter((name) => spellings.some((one) => one === normaliseHeader(name))).length;
  const near = nearNames(names, contract);
  const fields = `its header line has ${names.length} field${names.length === 1 ? '' : 's'}`;
  if (known === 0 && near.length === 0)
    return `${fields}, none of which names a column: where files have no header, assay.csv names their columns`;
  const nearly = near
    .map(
      ({ field, name, meant, column }) =>
        `; field ${field + 1} is '${name}', nearly '${meant}': if that is meant, add it to assay.headers of ${column}`,
    )
    .join('');
  return `${fields}, of which ${known} name${known === 1 ? 's' : ''} a column${nearly}`;
}

/** `4 ('Amuont', nearly 'amount') and 5`: fields that the contract doesn't know, counted from 1. */
export function unknownInWords(
  unknown: readonly { readonly field: number; readonly name: string }[],
  names: readonly string[],
  contract: SourceContract,
): string {
  const near = new Map(nearNames(names, contract).map((one) => [one.field, one]));
  return unknown
    .map(({ field }) => {
      const found = near.get(field);
      return found === undefined ? `${field + 1}` : `${field + 1} ('${found.name}', nearly '${found.meant}')`;
    })
    .join(', ');
}

interface NearName {
  readonly field: number;
  readonly name: string;
  /** The contract's spelling. */
  readonly meant: string;
  /** The column whose spelling that is. */
  readonly column: string;
}

/** Spellings shorter than this are near to nearly anything. */
const LEAST_LENGTH = 6;
const MOST_EDITS = 2;

/**
 * Names that are no header of the contract, but nearly one: the same letters and digits, or, in a line that names some
 * column and so is a header, with few others.
 */
function nearNames(names: readonly string[], contract: SourceContract): NearName[] {
  const headers = contract.columns.flatMap((column) => column.headers);
  const spellings = new Set(headers.map(normaliseHeader));
  const isHeader = names.some((name) => spellings.has(normaliseHeader(name)));
  return names.flatMap((name, field) => {
    const own = lettersOf(name);
    if (spellings.has(normaliseHeader(name)) || own === '') return [];
    const same = headers.find((header) => lettersOf(header) === own);
    const alike = isHeader ? headers.find((header) => isAlike(own, lettersOf(header))) : undefined;
    const meant = same ?? alike;
    if (meant === undefined) return [];
    const column = contract.columns.find((one) => one.headers.includes(meant))?.name ?? meant;
    return [{ field, name: name.trim(), meant, column }];
  });
}

const isAlike = (a: string, b: string): boolean =>
  Math.min(a.length, b.length) >= LEAST_LENGTH &&
  Math.abs(a.length - b.length) <= MOST_EDITS &&
  editDistance(a, b) <= MOST_EDITS;

const spellingsOf = (contract: SourceContract): string[] =>
  contract.columns.flatMap((column) => column.headers.map(normaliseHeader));

/** Letters without accents, and digits. */
function lettersOf(name: string): string {
  return normaliseHeader(name)
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]/gu, '');
}
