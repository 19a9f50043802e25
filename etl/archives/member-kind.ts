import { isArchive, isSourceName } from '../naming/bronze.ts';

/** What a file in an archive is by its name: to be read, an archive of its own, left out and told, or left by a system and not told. */
export type MemberKind = 'records' | 'nested' | 'hidden' | 'other' | 'system';

/** What a file in an archive is, by its path there. */
export function memberKind(path: string): MemberKind {
  const parts = path.split('/');
  const name = parts.at(-1) ?? '';
  const isHidden = parts.some((part) => part.startsWith('.'));
  if (isOfSystem(parts) || (isHidden && !isSourceName(name.replace(/^\.+/, '')))) return 'system';
  if (isHidden) return 'hidden';
  if (isArchive(name) || /\.(7z|rar|tar|tgz|xz|bz2)$/i.test(name)) return 'nested';
  return holdsRecords(name) ? 'records' : 'other';
}

/** macOS, Windows and version control leave files in folders that people pack. */
const isOfSystem = (parts: readonly string[]): boolean =>
  parts.some((part) => /^(__MACOSX|\._.*|\.git|\.svn)$/.test(part)) ||
  /^(thumbs\.db|desktop\.ini)$/i.test(parts.at(-1) ?? '');

/** What explains the others. Under an ending of tables it is one itself, whatever it is called. */
const EXPLAINS = /^(read[ _-]?me|licen[cs]e)(\b[^.]*|\.txt)$/i;

/** What programs put behind a name: a version of VMS, a date or a number, blanks and line ends. */
const BEHIND = /(;\d+|[._-]\d[\d._-]*|\s*\(\d+\)|[\s\p{Cc}]+)$/u;

/** Files with records: those whose name ends as a table's does, whatever stands behind it; and names without an ending. */
function holdsRecords(name: string): boolean {
  if (EXPLAINS.test(name)) return false;
  const oneLine = name.replace(/\p{Cc}+(?!$)/gu, '_');
  return isSourceName(oneLine) || isSourceName(oneLine.replace(BEHIND, '')) || !name.includes('.');
}
