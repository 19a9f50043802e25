import { SaxesParser } from 'saxes';

/** What is done with the parts of an XML text, as they come. Names have no prefix. */
export interface XmlListener {
  open?(name: string, attributes: Readonly<Record<string, string>>): void;
  text?(text: string): void;
  close?(name: string): void;
  /** Called now and then; nothing more comes before it returns. */
  flush?(): Promise<void>;
}

/** A piece of text in a sheet is 32,767 characters at most; a much longer one is made to fill memory. */
const MOST_TEXT_BYTES = 16 * 1024 * 1024;

/** No part of a workbook has elements so deep. */
const MOST_DEPTH = 64;

/** Reads XML in UTF-8 as it comes, in little memory; entities of its own are not known. Throws where it is not well-formed, or has more elements than it may. */
export async function readXml(
  pieces: AsyncIterable<Uint8Array>,
  listener: XmlListener,
  mostElements = Number.POSITIVE_INFINITY,
): Promise<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const parser = new SaxesParser({ xmlns: false });
  let silentBytes = 0;
  let [elements, depth] = [0, 0];
  parser.on('error', (error) => {
    throw new RangeError(`a part of it is no XML that can be read (${error.message.replace(/\.$/, '')})`);
  });
  parser.on('opentag', ({ name, attributes }) => {
    silentBytes = 0;
    if (++depth > MOST_DEPTH) throw new RangeError(`its elements are more than ${MOST_DEPTH} deep`);
    if (++elements > mostElements)
      throw new RangeError(`a part of it has more than ${mostElements} elements`);
    const plain = Object.entries(attributes).map(([key, value]) => [localName(key), value] as const);
    listener.open?.(localName(name), Object.fromEntries(plain));
  });
  parser.on('text', (text) => listener.text?.(text));
  parser.on('cdata', (text) => listener.text?.(text));
  parser.on('closetag', ({ name }) => {
    silentBytes = 0;
    depth--;
    listener.close?.(localName(name));
  });
  for await (const piece of pieces) {
    silentBytes += piece.length;
    if (silentBytes > MOST_TEXT_BYTES + piece.length) throw new RangeError('a text in it is too long');
    parser.write(decoder.decode(piece, { stream: true }));
    await listener.flush?.();
  }
  parser.write(decoder.decode());
  parser.close();
  await listener.flush?.();
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

/** Attribute values as this standard writes truth. */
export const isTrue = (value: string | undefined): boolean =>
  value === '1' || value === 'true' || value === 'on';

/** A text of a spreadsheet: signs that XML has no place for are written as `_x000D_` (ECMA-376, 22.9.2.19). */
export const spreadsheetText = (text: string): string =>
  text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
