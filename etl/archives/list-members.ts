import { memberKey } from '../naming/bronze.ts';
import type { DataStore } from '../ports.ts';
import type { Member } from './member-bytes.ts';
import { type MemberKind, memberKind } from './member-kind.ts';
import { readZip, type ZipEntry } from './zip-entries.ts';

/** Why a file is not read, for the ledger: it is unreadable (`rejected`), or it holds no records (`empty`). */
export interface Aside {
  readonly status: 'rejected' | 'empty';
  readonly note: string;
}

/** A file in an archive. */
export interface ListedMember {
  readonly key: string;
  readonly sizeBytes: number;
  /** Where its bytes are, if they can be read at all. */
  readonly member?: Member;
  /** Set where no records are read from it. */
  readonly aside?: Aside;
}

/** The source files in an archive, or why none of it is read. */
export type Archive =
  | { readonly kind: 'members'; readonly members: readonly ListedMember[] }
  | { readonly kind: 'refused'; readonly why: string };

/** What listing needs of an archive and the contract. */
export interface ListedArchive {
  readonly key: string;
  readonly sizeBytes: number;
  /** An archive whose files unpack to more in all is refused. */
  readonly maxUnpackedBytes: number;
}

/** Lists the files in an archive, ordered by key; none of their bytes are read. What systems leave in archives for themselves is left out. */
export async function listMembers(
  { key, sizeBytes, maxUnpackedBytes }: ListedArchive,
  data: Pick<DataStore, 'stream'>,
): Promise<Archive> {
  const zip = await readZip({ sizeBytes, read: (range) => data.stream(key, range) });
  if (zip.kind === 'refused') return zip;
  const entries = zip.entries.filter(({ name }) => memberKind(name) !== 'system');
  const total = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0);
  if (total > maxUnpackedBytes)
    return {
      kind: 'refused',
      why: `it unpacks to ${total} bytes, more than the ${maxUnpackedBytes} that the contract sets (maxUnpackedBytes)`,
    };
  if (!entries.some(({ name }) => TAKEN.has(memberKind(name))))
    return { kind: 'refused', why: holdsNothing(entries) };
  const members = entries.map((entry) => listedMember(key, entry)).sort((a, b) => (a.key < b.key ? -1 : 1));
  const taken = members.find(({ key: one }, n) => one === members[n + 1]?.key);
  return taken === undefined
    ? { kind: 'members', members }
    : { kind: 'refused', why: `two files in it would be called ${taken.key}` };
}

function holdsNothing(entries: readonly ZipEntry[]): string {
  const names = entries.slice(0, 3).map(({ name }) => `'${name}'`);
  const more = entries.length > names.length ? ` and ${entries.length - names.length} more` : '';
  return names.length === 0 ? 'it is empty' : `it holds no CSV file, but ${names.join(', ')}${more}`;
}

function listedMember(archive: string, entry: ZipEntry): ListedMember {
  const { name, method, start, end, sizeBytes, crc32, isEncrypted } = entry;
  const isReadable = !isEncrypted && (method === 0 || method === 8);
  const aside = asideOf(entry, isReadable);
  return {
    key: memberKey(archive, name),
    sizeBytes,
    ...(isReadable ? { member: { archive, start, end, method, sizeBytes, crc32 } } : {}),
    ...(aside === undefined ? {} : { aside }),
  };
}

function asideOf({ name, method, isEncrypted }: ZipEntry, isReadable: boolean): Aside | undefined {
  const kind = memberKind(name);
  if (kind === 'other') return { status: 'empty', note: 'it is left out: by its name it is no CSV file' };
  if (kind === 'hidden') return { status: 'empty', note: 'it is left out: by its name it is hidden' };
  if (kind === 'nested')
    return { status: 'rejected', note: 'it is an archive within an archive: drop what is in it' };
  if (isEncrypted)
    return {
      status: 'rejected',
      note: 'it is encrypted: unpack it with its password, and drop what comes out',
    };
  return isReadable
    ? undefined
    : {
        status: 'rejected',
        note: `it is packed by a method that is not read (${method}): pack it anew by deflate`,
      };
}

/** An archive without any of these holds nothing to read. */
const TAKEN: ReadonlySet<MemberKind> = new Set(['records', 'nested']);
