import { createHash } from 'node:crypto';
import { DataError, messageOf } from '../errors.ts';
import type { DataStore } from '../ports.ts';
import type { Aside, ListedMember } from './list-members.ts';
import { memberBytes } from './member-bytes.ts';

/** A file in an archive with its identity. */
export interface IdentifiedMember extends ListedMember {
  /** SHA-256 of its bytes; of one that can't be read, of the archive's digest and its key. */
  readonly sourceFileId: string;
}

/** Reads a file of an archive to its end and gives it its identity; one that is damaged is set aside. */
export async function identifyMember(
  listed: ListedMember,
  archiveDigest: string,
  data: Pick<DataStore, 'stream'>,
): Promise<IdentifiedMember> {
  const unreadable = createHash('sha256').update(`${archiveDigest}\n${listed.key}`).digest('hex');
  const { member, ...rest } = listed;
  if (member === undefined) return { ...rest, sourceFileId: unreadable };
  try {
    const hash = createHash('sha256');
    for await (const piece of memberBytes(member, (range) => data.stream(member.archive, range)))
      hash.update(piece);
    return { ...listed, sourceFileId: hash.digest('hex') };
  } catch (error) {
    if (!(error instanceof DataError) || error.code !== 'MEMBER_DAMAGED') throw error;
    const aside: Aside = { status: 'rejected', note: `it is damaged: ${messageOf(error.cause)}` };
    return { ...rest, aside, sourceFileId: unreadable };
  }
}
