import { canonicalSubjectId } from '../privacy/subject-id.ts';
import { type AskedSubject, type SubjectDataset, withNulls } from './asked-subject.ts';

/**
 * What says whether a record's text has the subject's id: as one of its fields, cut as its dataset cuts them, or as a word.
 * That may be another field that is the same by chance; a record that nothing can read is rather given up than kept.
 */
export function subjectNamer(dataset: SubjectDataset, { subjects }: AskedSubject): (text: string) => boolean {
  const { csv } = dataset.contract;
  const columns = dataset.columns.map((column) => withNulls(column, dataset.contract));
  const ids = new Set(subjects.map(({ id }) => id));
  const phrases = [...ids].filter((id) => /\P{N}/u.test(id));
  const bare = (field: string): string => field.replaceAll(csv.quote, '').replace(/[\r\n]+/g, '');
  const mayName = quickLook(columns, [...ids], bare);
  const isNamed = (one: string): boolean =>
    columns.some((column) => ids.has(canonicalSubjectId(one, column) ?? ''));
  return (text) => {
    if (!mayName(text)) return false;
    const fields = text.split(csv.delimiter).map(bare);
    const words = text.split(/[^\p{L}\p{N}]+/u);
    return [...fields, ...words].some(isNamed) || phrases.some((id) => hasWords(text.normalize('NFC'), id));
  };
}

/**
 * Whether a text can name one of the ids at all, at a fiftieth of the time that a close look takes: most texts name somebody
 * else. An id that is a text stands in such a text as it is, and one that is a number with its digits in their order,
 * whatever stands between them. Beyond ASCII a sign is spelled in several ways: such texts are always looked at.
 */
function quickLook(
  columns: SubjectDataset['columns'],
  ids: readonly string[],
  bare: (text: string) => string,
): (text: string) => boolean {
  const hasNumbers = columns.some(({ type }) => type.kind === 'long' || type.kind === 'int');
  const numbers = ids.filter((id) => hasNumbers && /^-?\d+$/.test(id)).map((id) => id.replace('-', ''));
  return (text) => {
    if (BEYOND_ASCII.test(text)) return true;
    const clean = bare(text);
    if (ids.some((id) => text.includes(id) || clean.includes(id))) return true;
    if (numbers.length === 0) return false;
    const digits = text.replace(/\D/g, '');
    return numbers.some((number) => digits.includes(number));
  };
}

const BEYOND_ASCII = /[^\0-\x7f]/;

/** Whether an id of several words stands in a text, and neither goes on before nor behind it. */
function hasWords(text: string, id: string): boolean {
  for (let at = text.indexOf(id); at >= 0; at = text.indexOf(id, at + 1)) {
    const around = [text.charAt(at - 1), text.charAt(at + id.length)];
    if (!around.some((sign) => /[\p{L}\p{N}]/u.test(sign))) return true;
  }
  return false;
}
