import { listMembers } from '../archives/list-members.ts';
import { type Member, memberBytes } from '../archives/member-bytes.ts';
import { DEFAULT_LIMITS } from '../contract/read-settings.ts';
import { DataError, messageOf } from '../errors.ts';
import { isArchive } from '../naming/bronze.ts';
import type { Scratch } from '../ports.ts';
import type { SourceFile } from './text-file.ts';

/** The files, for each archive those that are in it, and why some of them are left out. */
export interface Unpacked {
  readonly files: readonly SourceFile[];
  readonly skipped: readonly string[];
}

/** Unpacks archives among files into scratch space. Throws DataError `UNREADABLE` where a run would reject one. */
export async function unpackArchives(files: readonly SourceFile[], scratch: Scratch): Promise<Unpacked> {
  const unpacked: SourceFile[] = [];
  const skipped: string[] = [];
  for (const file of files) {
    if (!isArchive(file.name)) {
      unpacked.push(file);
      continue;
    }
    const { maxUnpackedBytes } = DEFAULT_LIMITS;
    const stream = (_: string, range?: Parameters<SourceFile['read']>[0]) => file.read(range);
    const archive = await listMembers(
      { key: file.name, sizeBytes: file.sizeBytes, maxUnpackedBytes },
      { stream },
    );
    if (archive.kind === 'refused') throw unreadable(file.name, archive.why);
    for (const { key, member, aside } of archive.members) {
      if (aside !== undefined || member === undefined)
        skipped.push(`${key}: ${aside?.note ?? 'it is not read'}.`);
      else unpacked.push(await unpack({ file, key, member, scratch, index: unpacked.length }));
    }
  }
  return { files: unpacked, skipped };
}

interface Unpacking {
  readonly file: SourceFile;
  readonly key: string;
  readonly member: Member;
  readonly scratch: Scratch;
  readonly index: number;
}

async function unpack({ file, key, member, scratch, index }: Unpacking): Promise<SourceFile> {
  const copy = await scratch.create(`member-${index}`);
  try {
    for await (const piece of memberBytes(member, (range) => file.read(range))) await copy.write(piece);
  } catch (error) {
    throw unreadable(key, messageOf(error));
  } finally {
    await copy.close();
  }
  return { name: key, sizeBytes: member.sizeBytes, read: (range) => scratch.read(copy.path, range) };
}

function unreadable(name: string, why: string): DataError {
  return new DataError('UNREADABLE', `${name} can't be read: ${why}.`, { context: { file: name } });
}
