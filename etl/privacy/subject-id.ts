import { createHmac } from 'node:crypto';
import { BLANKS } from '../contract/compile-column.ts';
import type { ContractColumn } from '../contract/contract.ts';
import { integerText } from './integer-text.ts';

/** What `canonicalSubjectId` needs of a column. */
export type SubjectColumn = Pick<ContractColumn, 'type' | 'number' | 'nullValues'>;

/**
 * The id in a cell as everyone writes it who means the same subject: without blanks at its ends; an integer in plain
 * digits (`00123`, `+123` and, by the column's format, `1,23` are `123`); a text by Unicode's composed form. Undefined
 * where the cell says no value, or what it says is none of the column's type: then the record has no subject.
 */
export function canonicalSubjectId(
  cell: string,
  { type, number, nullValues = [] }: SubjectColumn,
): string | undefined {
  const text = trimBlanks(cell);
  if (text === '' || nullValues.includes(text)) return undefined;
  return type.kind === 'long' || type.kind === 'int' ? integerText(text, number) : text.normalize('NFC');
}

/** Without the characters that the contract's reading takes from a value's ends. */
export function trimBlanks(cell: string): string {
  if (!mayBeBlank(cell, 0) && !mayBeBlank(cell, cell.length - 1)) return cell;
  let [start, end] = [0, cell.length];
  while (start < end && BLANKS.includes(cell.charAt(start))) start++;
  while (end > start && BLANKS.includes(cell.charAt(end - 1))) end--;
  return cell.slice(start, end);
}

/** Blanks are below the exclamation mark, or above ASCII. */
function mayBeBlank(cell: string, at: number): boolean {
  const code = cell.charCodeAt(at);
  return code <= 0x20 || code >= 0x80;
}

/**
 * What the vault finds a subject by: HMAC-SHA-256 under its pepper of kind and id. The kind's length stands before it, so
 * that no two pairs are one text.
 */
export function subjectIndex(pepper: Uint8Array, kind: string, id: string): Uint8Array {
  const name = new TextEncoder().encode(kind);
  const length = Uint8Array.of(name.length >>> 8, name.length & 255);
  return createHmac('sha256', pepper).update(length).update(name).update(id, 'utf8').digest();
}
