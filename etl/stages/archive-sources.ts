import { identifyMember } from '../archives/identify-members.ts';
import { type Aside, listMembers } from '../archives/list-members.ts';
import type { SourceContract } from '../contract/contract.ts';
import { archiveOf, isArchive, objectKeyOf } from '../naming/bronze.ts';
import type { DataStore, ObjectInfo } from '../ports.ts';
import type { PlannedFile } from './documents.ts';

/** A source file that may be taken up: an object, or files in one, which has then their archive's size and time. */
export interface Source extends ObjectInfo {
  /** The files of an archive to take up, where known; absent: all of an archive's. */
  readonly members?: readonly string[];
}

/** Whether a source stands for files in an archive. */
export const isOfArchive = ({ key, members }: Source): boolean => members !== undefined || isArchive(key);

/**
 * The listed sources, with each archive whose files are known replaced by those files, since each has an outcome of its
 * own.
 */
export function withMembers(listed: readonly ObjectInfo[], known: Iterable<string>): Source[] {
  const byArchive = new Map<string, string[]>();
  for (const key of new Set(known)) {
    const archive = archiveOf(key);
    if (archive !== undefined) byArchive.set(archive, [...(byArchive.get(archive) ?? []), key]);
  }
  return listed.flatMap(
    (object): Source[] =>
      byArchive.get(object.key)?.map((key) => ({ ...object, key, members: [key] })) ?? [object],
  );
}

/** The sources that some keys stand for, in their order; undefined for a key whose object is not listed. */
export function sourcesOf(listed: readonly ObjectInfo[], keys: readonly string[]): (Source | undefined)[] {
  const objects = new Map(listed.map((object) => [object.key, object]));
  return keys.map((key) => {
    const own = objects.get(key);
    if (own !== undefined) return own;
    const archive = objects.get(objectKeyOf(key));
    return archive === undefined ? undefined : { ...archive, key, members: [key] };
  });
}

/** Sources with the files of one archive together, so that each archive is opened once. */
export function byObject(sources: readonly Source[]): Source[] {
  const merged = new Map<string, Source>();
  for (const source of sources) {
    const key = source.members === undefined ? source.key : objectKeyOf(source.key);
    const before = merged.get(key);
    if (source.members === undefined) merged.set(key, source);
    else merged.set(key, { ...source, key, members: [...(before?.members ?? []), ...source.members] });
  }
  return [...merged.values()];
}

/** A file of an archive as it is planned, and when the archive came. */
type IdentifiedSource = Pick<PlannedFile, 'key' | 'sizeBytes' | 'sourceFileId' | 'member' | 'aside'> & {
  readonly arrivedMs: number;
};

/** Identifies the files of an archive, those that are meant; an archive that can't be trusted is one file, and rejected. */
export async function identifyArchive(
  data: Pick<DataStore, 'stream' | 'identify'>,
  { key, sizeBytes, members }: Source,
  { maxUnpackedBytes }: Pick<SourceContract['limits'], 'maxUnpackedBytes'>,
): Promise<IdentifiedSource[]> {
  const { digest, arrivedMs } = await data.identify(key);
  const archive = await listMembers({ key, sizeBytes, maxUnpackedBytes }, data);
  const rejected = (one: string, note: string): IdentifiedSource => {
    const aside: Aside = { status: 'rejected', note };
    return { key: one, sizeBytes, sourceFileId: digest, arrivedMs, aside };
  };
  if (archive.kind === 'refused') return (members ?? [key]).map((one) => rejected(one, archive.why));
  const wanted = members === undefined ? undefined : new Set(members);
  const identified: IdentifiedSource[] = [];
  for (const listed of archive.members)
    if (wanted === undefined || wanted.has(listed.key))
      identified.push({ ...(await identifyMember(listed, digest, data)), arrivedMs });
  return identified;
}
