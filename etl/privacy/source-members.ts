import { createHash } from 'node:crypto';
import { identifyMember } from '../archives/identify-members.ts';
import { type ListedMember, listMembers } from '../archives/list-members.ts';
import type { SourceContract } from '../contract/contract.ts';
import { type FileToRead, openFile } from '../csv/open-file.ts';
import type { Opened, Unopened } from '../csv/opened.ts';
import { DataError } from '../errors.ts';
import { bronzePrefix, isArchive, safeFileName, sourceName } from '../naming/bronze.ts';
import type { ByteRange, OpenScratch, Scratch } from '../ports.ts';
import { secretScratch } from './secret-scratch.ts';

/** A file where its source left it. */
export interface SourceToProtect {
  /** As people know it. */
  readonly name: string;
  readonly sizeBytes: number;
  /** The bytes in order, or those of a range; a piece is good only until the next is asked for. */
  read(range?: ByteRange): AsyncIterable<Uint8Array>;
}

/** What reading a source needs. */
export interface SourceReading {
  readonly contract: SourceContract;
  readonly openScratch: OpenScratch;
}

/** A file of records: a source, or one in an archive. */
export interface SourceMember {
  /** As people know it. */
  readonly name: string;
  /** SHA-256 of its bytes. */
  readonly digest: string;
  /** Opens it at its first record, with scratch space for what it is packed in; whoever opens it disposes of that. */
  open(): Promise<{ readonly opened: Opened | Unopened; readonly scratch: Scratch }>;
}

/**
 * The files of records in a source, each of which can be read. Throws DataError `NOT_READABLE` where one can't: what is
 * protected before it is stored can't be looked at later.
 */
export async function sourceMembers(
  source: SourceToProtect,
  reading: SourceReading,
): Promise<readonly SourceMember[]> {
  const key = bronzePrefix(reading.contract.dataset) + safeFileName(source.name);
  const members = isArchive(key)
    ? await archiveMembers(source, key, reading)
    : [await memberOf(source, { index: 0, key }, await digestOf(source), reading)];
  for (const member of members) await requireReadable(member);
  return members;
}

async function digestOf(source: SourceToProtect): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of source.read()) hash.update(piece);
  return hash.digest('hex');
}

async function archiveMembers(
  source: SourceToProtect,
  key: string,
  reading: SourceReading,
): Promise<readonly SourceMember[]> {
  const data = dataOf(source);
  const { maxUnpackedBytes } = reading.contract.limits;
  const archive = await listMembers({ key, sizeBytes: source.sizeBytes, maxUnpackedBytes }, data);
  if (archive.kind === 'refused') throw notReadable(source.name, archive.why);
  const wanted = archive.members.filter(({ aside }) => aside?.status !== 'empty');
  return await Promise.all(
    wanted.map(async (listed, index) => {
      const { member, aside, sourceFileId } = await identified(listed, data);
      if (member === undefined || aside !== undefined)
        throw notReadable(sourceName(listed.key), aside?.note ?? "it can't be unpacked");
      return memberOf(source, { index, key: listed.key, member }, sourceFileId, reading);
    }),
  );
}

const identified = (listed: ListedMember, data: ReturnType<typeof dataOf>) =>
  listed.aside === undefined ? identifyMember(listed, '', data) : { ...listed, sourceFileId: '' };

/** The source as what is read from Bronze. */
const dataOf = ({ read }: SourceToProtect) => ({
  stream: (_key: string, range?: ByteRange): AsyncIterable<Uint8Array> => read(range),
});

function memberOf(
  source: SourceToProtect,
  file: FileToRead,
  digest: string,
  { contract, openScratch }: SourceReading,
): SourceMember {
  return {
    name: sourceName(file.key),
    digest,
    async open() {
      const scratch = secretScratch(await openScratch('protect'));
      try {
        return { opened: await openFile(file, { contract, data: dataOf(source), scratch }), scratch };
      } catch (error) {
        await scratch.dispose();
        throw error;
      }
    },
  };
}

async function requireReadable({ name, open }: SourceMember): Promise<void> {
  const { opened, scratch } = await open();
  try {
    if (opened.kind === 'open') await opened.window.close();
    if (opened.kind === 'rejected') throw notReadable(name, opened.why);
  } finally {
    await scratch.dispose();
  }
}

/** Why a file stays where it is. */
const notReadable = (name: string, why: string): DataError =>
  new DataError(
    'NOT_READABLE',
    `${name} was left where it is, for what can't be read can't be protected: ${why}.`,
    { context: { name } },
  );
