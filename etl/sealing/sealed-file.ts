import type { Counts, PlannedFile, RefinedFile, SealedFile } from '../stages/documents.ts';
import { blankCount, type FoundInFile } from './conservation.ts';

/** What the ledger and the seal say of a file: its status, its counts by verdict, and why where there is something to say. */
export function sealedFile(
  file: PlannedFile,
  refined: RefinedFile | undefined,
  found: FoundInFile | undefined,
  hasTotalRow: boolean,
): SealedFile {
  const base = { key: file.key, sourceFileId: file.sourceFileId, sizeBytes: file.sizeBytes };
  const none = { records: 0, silver: 0, quarantined: 0, condemned: 0, blank: 0 };
  if (file.repeatOf !== undefined) {
    return { ...base, ...none, status: 'repeat', note: `the same bytes as ${file.repeatOf}` };
  }
  if (file.aside !== undefined) return { ...base, ...none, ...file.aside };
  if (refined === undefined || refined.outcome === 'rejected') {
    return { ...base, ...none, status: 'rejected', note: refined?.why ?? 'it was not read' };
  }
  if (refined.records === 0) {
    const note = refined.outcome === 'empty' ? 'the file is empty' : 'the file has a header and nothing else';
    return { ...base, ...none, status: 'empty', note };
  }
  const { silver = 0, quarantined = 0, condemned = 0, silverIdentity = '0' } = found ?? {};
  const counts = {
    records: refined.records,
    silver,
    quarantined,
    condemned,
    blank: blankCount(refined, hasTotalRow),
  };
  const { records: footer = 0 } = refined.footer ?? {};
  const { repeatedHeaders = 0 } = refined;
  const repeats = found?.repeats ?? 0;
  const { records: forgotten = 0 } = refined.forgotten ?? {};
  const notes = [
    ...(repeatedHeaders === 0
      ? []
      : [
          repeatedHeaders === 1
            ? '1 of its blank records is its header line again'
            : `${repeatedHeaders} of its blank records are its header line again`,
        ]),
    ...(footer === 0 ? [] : [footer === 1 ? '1 record is its footer' : `${footer} records are its footer`]),
    ...(repeats === 0
      ? []
      : [repeats === 1 ? '1 record stands in Silver already' : `${repeats} records stand in Silver already`]),
    ...(forgotten === 0
      ? []
      : [
          forgotten === 1
            ? '1 record is of somebody who was forgotten'
            : `${forgotten} records are of people who were forgotten`,
        ]),
    ...(refined.note === undefined ? [] : [refined.note]),
  ];
  return {
    ...base,
    ...counts,
    ...(footer === 0 ? {} : { footer }),
    ...(repeats === 0 ? {} : { repeats }),
    ...(forgotten === 0 ? {} : { forgotten }),
    silverIdentity,
    status: 'accepted',
    ...(notes.length === 0 ? {} : { note: notes.join('; ') }),
  };
}

/** The records of all files, by verdict. */
export function sumCounts(files: readonly SealedFile[]): Counts {
  const sum = (pick: (file: SealedFile) => number): number =>
    files.reduce((total, file) => total + pick(file), 0);
  return {
    records: sum((file) => file.records),
    silver: sum((file) => file.silver),
    quarantined: sum((file) => file.quarantined),
    condemned: sum((file) => file.condemned),
    blank: sum((file) => file.blank),
    ...(files.some(({ footer }) => footer !== undefined) ? { footer: sum((file) => file.footer ?? 0) } : {}),
    ...(files.some(({ repeats }) => repeats !== undefined)
      ? { repeats: sum((file) => file.repeats ?? 0) }
      : {}),
    ...(files.some(({ forgotten }) => forgotten !== undefined)
      ? { forgotten: sum((file) => file.forgotten ?? 0) }
      : {}),
  };
}
