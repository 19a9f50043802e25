/** Where the text of a cell lies as UTF-8. One is filled anew for cell after cell, since there are millions of them. */
export interface CellBytes {
  bytes: Uint8Array;
  start: number;
  end: number;
}

/** A place to be filled. */
export const newCellBytes = (): CellBytes => ({ bytes: new Uint8Array(), start: 0, end: 0 });

/** Whether a cell is a text of ASCII. */
export function isAscii({ bytes, start, end }: CellBytes, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let n = 0; n < text.length; n++) if (bytes[start + n] !== text.charCodeAt(n)) return false;
  return true;
}

/** Whether neither end of a cell may be a blank: blanks are below the exclamation mark, or above ASCII. */
export function hasPlainEnds({ bytes, start, end }: CellBytes): boolean {
  const [first, last] = [bytes[start] ?? 0, bytes[end - 1] ?? 0];
  return end > start && first > 0x20 && first < 0x80 && last > 0x20 && last < 0x80;
}
