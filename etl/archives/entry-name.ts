import { Buffer } from 'node:buffer';
import yauzl, { type Entry } from 'yauzl';

const UTF8_FLAG = 0x800;
/** The field in which Info-ZIP writes a name's Unicode form. */
const UNICODE_PATH = 0x7075;

/**
 * An entry's name: UTF-8 where it says so, or where its bytes are UTF-8; else code page 437, as the format has it. A
 * backslash is a slash: some programs on Windows write it.
 */
export function entryName({ generalPurposeBitFlag, fileNameRaw, extraFields }: Entry): string {
  const says = (generalPurposeBitFlag & UTF8_FLAG) !== 0 || extraFields.some(({ id }) => id === UNICODE_PATH);
  const flag = !says && isUtf8(fileNameRaw) ? UTF8_FLAG : generalPurposeBitFlag;
  return yauzl.getFileNameLowLevel(flag, fileNameRaw, extraFields, false);
}

const isUtf8 = (bytes: Buffer): boolean => Buffer.from(bytes.toString('utf8')).equals(bytes);

/** Why a name would lead outside of the archive; undefined for a harmless name. */
export function pathTrick(name: string): string | undefined {
  if (name === '' || name.includes('\0')) return 'is none';
  if (name.startsWith('/') || /^[a-z]:/i.test(name)) return 'is a path from the root';
  return name.split('/').some((part) => part === '..') ? 'leads out of it' : undefined;
}
