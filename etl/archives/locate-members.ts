import type { FileToRead } from '../csv/open-file.ts';
import { archiveOf } from '../naming/bronze.ts';
import type { Effects } from '../ports.ts';
import { type Archive, listMembers } from './list-members.ts';

/** No limit on unpacked size: the plan has checked it already. */
const ANY = Number.MAX_SAFE_INTEGER;

/**
 * Adds to each file that is in an archive where it lies there, or why it can't be read; only the keys are known. Nobody
 * has checked the bytes to the end, so they are unpacked before they are read.
 */
export async function locateMembers<T extends FileToRead>(
  { objects, data }: Pick<Effects, 'objects' | 'data'>,
  files: readonly T[],
): Promise<T[]> {
  const archives = new Map<string, Promise<Archive>>();
  const read = async (key: string): Promise<Archive> => {
    const object = (await objects.list(key)).find((one) => one.key === key);
    if (object === undefined) return { kind: 'refused', why: 'the archive is not there' };
    return await listMembers({ ...object, maxUnpackedBytes: ANY }, data);
  };
  const located: T[] = [];
  for (const file of files) {
    const archive = file.member === undefined ? archiveOf(file.key) : undefined;
    if (archive === undefined) {
      located.push(file);
      continue;
    }
    const opened = archives.get(archive) ?? read(archive);
    archives.set(archive, opened);
    located.push({ ...file, ...placeIn(await opened, file.key) });
  }
  return located;
}

function placeIn(archive: Archive, key: string): Pick<FileToRead, 'member' | 'isUnproven' | 'refused'> {
  if (archive.kind === 'refused') return { refused: archive.why };
  const found = archive.members.find((one) => one.key === key);
  if (found === undefined) return { refused: 'the archive has no such file' };
  const { member, aside } = found;
  return member === undefined || aside !== undefined
    ? { refused: aside?.note ?? 'it can not be read' }
    : { member, isUnproven: true };
}
