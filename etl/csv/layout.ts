import type { SourceContract } from '../contract/contract.ts';
import { normaliseHeader } from '../contract/header.ts';
import type { Header } from './header.ts';
import { headerInWords, unknownInWords } from './missing-columns.ts';

/** Which field of a file's records holds which column of the contract. */
export interface Layout {
  readonly fields: number;
  /** For each contract column, in contract order, its field; undefined where the file hasn't got it. */
  readonly columns: readonly (number | undefined)[];
  /** Fields that the contract doesn't know, with the name to keep them under. */
  readonly unknown: readonly { readonly field: number; readonly name: string }[];
  readonly newline: '\n' | '\r\n';
  /** The field that holds all members that the contract doesn't know as one JSON object, where records are or were JSON. */
  readonly rescued?: number;
  /** The field that holds the reasons for which an event failed at gates, as a list in JSON; NULL where it failed at none. */
  readonly gates?: number;
  /** Set where days and times may also be written as a sheet's cells give them: of a sheet, and of records from quarantine. */
  readonly hasCells?: true;
}

/** A layout, or the one reason why a file with this header is rejected. */
export type LayoutResult =
  | { readonly kind: 'layout'; readonly layout: Layout }
  | { readonly kind: 'rejected'; readonly why: string };

/** More columns than any contract has: DuckDB keeps a vector of each, and past this its memory is gone. */
export const MAX_FIELDS = 2_000;

/** Columns up to which one statement stages everything. */
const NARROW_COLUMNS = 400;

/**
 * Whether so many columns are staged a slice at a time. DuckDB sets 32 KiB aside for each step of each column's
 * expressions, however few the records: a thousand columns in one statement need more than the default memory.
 */
export function isWide(columns: number): boolean {
  return columns > NARROW_COLUMNS;
}

/** Matches a header against a contract by name, in any order. */
export function matchHeader(header: Header, contract: SourceContract): LayoutResult {
  if (header.names.length > MAX_FIELDS) {
    return rejected(`it has ${header.names.length} columns, and more than ${MAX_FIELDS} are not read`);
  }
  const spellings = new Map<string, number>();
  contract.columns.forEach((column, index) => {
    for (const text of column.headers) spellings.set(normaliseHeader(text), index);
  });
  const columns: (number | undefined)[] = contract.columns.map(() => undefined);
  const unknown: { field: number; name: string }[] = [];
  for (const [field, name] of header.names.entries()) {
    const index = spellings.get(normaliseHeader(name));
    if (index === undefined) unknown.push({ field, name });
    else if (columns[index] === undefined) columns[index] = field;
    else {
      const first = columns[index] ?? 0;
      const which = `'${header.names[first]}' (field ${first + 1}) and '${name}' (field ${field + 1})`;
      return rejected(
        `two of its columns, ${which}, both mean '${contract.columns[index]?.name}': where the source can't change that, name the columns by their places in assay.csv, as columns with skipLines`,
      );
    }
  }
  const missing = contract.columns.filter((column, index) => column.required && columns[index] === undefined);
  if (missing.length > 0) {
    const names = missing.map((column) => `'${column.name}'`).join(', ');
    return rejected(`it has no column for ${names}; ${headerInWords(header.names, contract)}`);
  }
  const named = unknown.filter(({ name }) => normaliseHeader(name) !== '');
  if (contract.unknownColumns === 'reject' && named.length > 0) {
    const which = shorten(unknownInWords(named, header.names, contract));
    return rejected(
      `the contract doesn't know ${named.length} of its ${header.names.length} columns: ${which}`,
    );
  }
  return {
    kind: 'layout',
    layout: {
      fields: header.names.length,
      columns,
      unknown: distinctNames(unknown),
      newline: header.newline,
    },
  };
}

/** Names that a rescued record can use as keys: blank and repeated ones get their position. */
function distinctNames(unknown: readonly { field: number; name: string }[]): Layout['unknown'] {
  const seen = new Set<string>();
  return unknown.map(({ field, name }) => {
    const key = name.trim() === '' || seen.has(name.trim()) ? `${name.trim()}#${field + 1}` : name.trim();
    seen.add(key);
    return { field, name: key };
  });
}

function rejected(why: string): LayoutResult {
  return { kind: 'rejected', why };
}

function shorten(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
