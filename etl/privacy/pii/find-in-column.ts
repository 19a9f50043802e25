import type { ContractColumn } from '../../contract/contract.ts';
import { columnReader } from '../../judging/read-column.ts';
import { CARD } from './card.ts';
import { findPii } from './find-pii.ts';
import { unknownKinds } from './watched-columns.ts';

/** Names of the kinds in a value of a column, without those that the column is known to hold. */
export type FindInColumn = (text: string) => readonly string[];

const NONE: readonly string[] = [];

/**
 * Makes a column ready to be looked through. A number, a day or a time of the column's type is nothing else, however it is
 * written: `+12345678` in a column of amounts is no phone number. Only an integer may still be the number of a card.
 */
export function findInColumn(column: ContractColumn): FindInColumn {
  const kinds = new Set(unknownKinds(column).map(({ name }) => name));
  const find: FindInColumn = (text) => {
    const found = findPii(text);
    return found.length === 0 ? found : found.filter((kind) => kinds.has(kind));
  };
  if (column.type.kind === 'string') return find;
  const read = columnReader(column);
  const mayBeCard = column.type.kind === 'long' || column.type.kind === 'int';
  return (text) => {
    const found = find(text);
    // What has too many digits for the type is of its kind, too.
    if (found.length === 0 || read(text.trim()).kind === 'other') return found;
    return mayBeCard ? found.filter((kind) => kind === CARD.name) : NONE;
  };
}
