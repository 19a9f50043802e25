import type { FileOutcome } from '../csv/segments.ts';
import type { FileTally } from '../refining/tally.ts';
import type { RefinedFile } from './documents.ts';

/** What a chunk's document says of a file that was read, or rejected. */
export function refinedFile(outcome: FileOutcome, tally: FileTally): RefinedFile {
  const { forgotten, forgottenIdentity: identity, forgottenSums: measures, ...counted } = tally;
  return {
    index: outcome.fileIndex,
    outcome: outcome.kind,
    ...(outcome.kind === 'rejected' ? { why: outcome.why } : {}),
    ...(outcome.kind === 'read' && outcome.note !== undefined ? { note: outcome.note } : {}),
    ...(outcome.kind === 'read' && outcome.repeatedHeaders > 0
      ? { repeatedHeaders: outcome.repeatedHeaders }
      : {}),
    records: outcome.kind === 'read' ? outcome.records : 0,
    ...counted,
    ...(forgotten === 0 ? {} : { forgotten: { records: forgotten, identity, measures } }),
  };
}
