import type { ContractColumn } from '../contract/contract.ts';
import { dayReader, timeReader } from './read-date.ts';
import { numberReader } from './read-number.ts';
import { OTHER, type ReadText, valueReading } from './value.ts';

const TRUE_TEXTS = new Set(['true', 'yes', 'y', 't', '1']);
const FALSE_TEXTS = new Set(['false', 'no', 'n', 'f', '0']);

/** Reads the trimmed texts of a column whose times are in no zone. Throws RangeError for a type that no source has. */
export function columnReader(column: ContractColumn): ReadText {
  const { type, formats, number } = column;
  switch (type.kind) {
    case 'string':
      return (text) => valueReading(undefined, text);
    case 'boolean':
      return readBoolean;
    case 'int':
    case 'long':
    case 'double':
    case 'decimal':
      return numberReader(number, type);
    case 'date':
      return dayReader(formats);
    case 'timestamptz':
      return timeReader(formats);
    default:
      throw new RangeError(`a source column can't be a ${type.kind}`);
  }
}

const readBoolean: ReadText = (text) => {
  const word = text.toLowerCase();
  if (TRUE_TEXTS.has(word)) return valueReading(undefined, 'true');
  return FALSE_TEXTS.has(word) ? valueReading(undefined, 'false') : OTHER;
};
