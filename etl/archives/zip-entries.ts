import { Buffer } from 'node:buffer';
import yauzl, { type Entry, type LocalFileHeader } from 'yauzl';
import { messageOf } from '../errors.ts';
import { entryName, pathTrick } from './entry-name.ts';
import { BlockReader, bytesOf, type RandomAccess } from './random-access.ts';

/** One file of a zip archive, by its directory and its own header, which agree. */
export interface ZipEntry {
  /** Its path, with '/' between the parts. */
  readonly name: string;
  /** 0: stored as it is, 8: deflated; others are not read. */
  readonly method: number;
  readonly isEncrypted: boolean;
  /** Where its packed bytes lie. */
  readonly start: number;
  readonly end: number;
  /** Of what it unpacks to, as the archive declares. */
  readonly sizeBytes: number;
  readonly crc32: number;
}

/** What is in an archive, folders left out, or why it can't be trusted. */
export type ZipContents =
  | { readonly kind: 'zip'; readonly entries: readonly ZipEntry[] }
  | { readonly kind: 'refused'; readonly why: string };

/** An archive with more entries is refused: each costs a look, and a row in the ledger. */
const MOST_ENTRIES = 10_000;

/**
 * Reads a zip archive's directory and the header of each of its files, and none of their bytes. Refuses archives that
 * other readers may understand differently: two files of one name or in the same bytes, a file that the directory
 * doesn't name, headers that contradict it, paths that lead out, links.
 */
export async function readZip(file: RandomAccess): Promise<ZipContents> {
  try {
    const directory = await readDirectory(file);
    if (directory === undefined) return refused(`it has more than ${MOST_ENTRIES} files`);
    const why =
      judgeNames(directory.entries) ?? judgeHeaders(directory) ?? (await judgeGaps(file, directory));
    if (why !== undefined) return refused(why);
    const files = directory.entries.filter(({ name }) => !name.endsWith('/'));
    return { kind: 'zip', entries: files.map(zipEntry) };
  } catch (error) {
    return refused(`it is no zip archive that can be read: ${messageOf(error)}`);
  }
}

const refused = (why: string): ZipContents => ({ kind: 'refused', why });

/** An entry as the directory has it, and its own header. */
interface Listed {
  readonly name: string;
  readonly entry: Entry;
  readonly header: LocalFileHeader;
}

interface Directory {
  /** In the order of their bytes. */
  readonly entries: readonly Listed[];
  readonly startByte: number;
}

/** Undefined where it has too many entries. */
async function readDirectory(file: RandomAccess): Promise<Directory | undefined> {
  const zip = await yauzl.fromRandomAccessReaderPromise(new BlockReader(file), file.sizeBytes, {
    decodeStrings: false,
    autoClose: false,
    // It takes any flagged entry for one with 12 bytes more: `readDirectory` looks at those that are not encrypted.
    validateEntrySizes: false,
  });
  // It is where the directory's next entry lies; its type calls it a boolean.
  const startByte = Number(zip.readEntryCursor);
  const entries: Entry[] = [];
  for await (const entry of zip.eachEntry()) {
    entries.push(entry);
    if (entries.length > MOST_ENTRIES) return undefined;
    const { compressionMethod, compressedSize, uncompressedSize } = entry;
    if (compressionMethod === 0 && !entry.isEncrypted() && compressedSize !== uncompressedSize)
      throw new RangeError(
        `a file in it is stored as it is, in ${compressedSize} bytes of ${uncompressedSize}`,
      );
  }
  entries.sort((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader);
  const listed: Listed[] = [];
  for (const entry of entries)
    listed.push({ name: entryName(entry), entry, header: await zip.readLocalFileHeaderPromise(entry) });
  return { entries: listed, startByte };
}

function zipEntry({ name, entry, header }: Listed): ZipEntry {
  return {
    name,
    method: entry.compressionMethod,
    isEncrypted: entry.isEncrypted(),
    start: header.fileDataStart,
    end: header.fileDataStart + entry.compressedSize,
    sizeBytes: entry.uncompressedSize,
    crc32: entry.crc32,
  };
}

function judgeNames(entries: readonly Listed[]): string | undefined {
  const names = new Set<string>();
  for (const { name, entry } of entries) {
    const trick = linkTrick(entry) ?? pathTrick(name);
    if (trick !== undefined) return `the name '${name}' in it ${trick}`;
    if (names.has(name)) return `it has two files of the name '${name}'`;
    names.add(name);
  }
  return undefined;
}

/** The kind of file in the mode that Unix notes with an entry, and that of a link. */
const [KINDS, LINK] = [0o170000, 0o120000];

function linkTrick({ versionMadeBy, externalFileAttributes }: Entry): string | undefined {
  const isUnix = versionMadeBy >>> 8 === 3;
  return isUnix && ((externalFileAttributes >>> 16) & KINDS) === LINK ? 'is of a link' : undefined;
}

function judgeHeaders({ entries }: Directory): string | undefined {
  for (const { name, entry, header } of entries) {
    const about = contradiction(entry, header);
    if (about !== undefined) return `its directory and the header of '${name}' say two things of ${about}`;
  }
  return undefined;
}

/** Marks a size that is stored elsewhere; the flag for sizes behind the bytes. */
const [ELSEWHERE, SIZES_FOLLOW] = [0xffffffff, 0x8];

function contradiction(entry: Entry, header: LocalFileHeader): string | undefined {
  if (!header.fileName.equals(entry.fileNameRaw)) return 'its name';
  if (header.compressionMethod !== entry.compressionMethod) return 'how it is packed';
  if (((header.generalPurposeBitFlag ^ entry.generalPurposeBitFlag) & 1) !== 0)
    return 'whether it is encrypted';
  if ((header.generalPurposeBitFlag & SIZES_FOLLOW) !== 0) return undefined;
  if (header.crc32 !== entry.crc32) return 'its checksum';
  const differs = (one: number, other: number): boolean => one !== ELSEWHERE && one !== other;
  return differs(header.compressedSize, entry.compressedSize) ||
    differs(header.uncompressedSize, entry.uncompressedSize)
    ? 'its size'
    : undefined;
}

/** Bytes that may follow a file's own: its sizes and checksum. */
const DESCRIPTOR_BYTES = 24;
const HEADER_SIGNATURE = Buffer.from('PK\x03\x04', 'latin1');

/** Why files overlap, or hide one that the directory doesn't name; undefined where they don't. */
async function judgeGaps(file: RandomAccess, { entries, startByte }: Directory): Promise<string | undefined> {
  let end = 0;
  let before = 'the beginning';
  for (const { name, entry, header } of entries) {
    const at = entry.relativeOffsetOfLocalHeader;
    if (at < end) return `${before} and '${name}' in it lie in the same bytes`;
    if (await hidesFile(file, end, at)) return `behind ${before} lies a file that its directory doesn't name`;
    end = header.fileDataStart + entry.compressedSize;
    before = `'${name}'`;
  }
  if (startByte < end) return `${before} and its directory lie in the same bytes`;
  return (await hidesFile(file, end, startByte))
    ? `behind ${before} lies a file that its directory doesn't name`
    : undefined;
}

async function hidesFile(file: RandomAccess, start: number, end: number): Promise<boolean> {
  if (end - start < DESCRIPTOR_BYTES) return false;
  const head = await bytesOf(file, { start, end: Math.min(end, start + DESCRIPTOR_BYTES + 4) });
  return head.includes(HEADER_SIGNATURE);
}
