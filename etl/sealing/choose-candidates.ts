import type { DatasetRun, Effects } from '../ports.ts';
import type { CandidateSearch, FindCandidates } from './candidates.ts';
import { candidatesByKeys } from './candidates-by-keys.ts';
import { candidatesBySets, isPortableKey, type SetWorkDone } from './candidates-by-sets.ts';
import { candidatesInFiles, rivalsOf } from './candidates-in-files.ts';

/**
 * Who finds a run's candidates: DuckDB, or the set engine where there is one and the files to compare are as large as it is
 * for. DuckDB looks into the files of a single chunk; by their keys where there are more, or the base is too large to
 * lie on the local disk beside it.
 */
export function chooseCandidates(
  { objects, sets }: Pick<Effects, 'objects' | 'sets'>,
  run: DatasetRun,
  onDone: (work: SetWorkDone) => void,
): FindCandidates {
  return (search) => {
    if (sets === undefined || !isForSets(search, sets.fromBytes)) return candidatesByDuck(search);
    return candidatesBySets({ objects, engine: sets.engine, run, onDone })(search);
  };
}

function candidatesByDuck(search: CandidateSearch): ReturnType<FindCandidates> {
  const { files, held, isOneChunk } = search;
  const isSmall = isOneChunk && held.fits([...files, ...rivalsOf(search, files)]);
  return isSmall ? candidatesInFiles(search) : candidatesByKeys(search);
}

function isForSets(search: CandidateSearch, fromBytes: number): boolean {
  const { contract, table, files, suspectFiles, isOneChunk } = search;
  const rivals = rivalsOf(search, files);
  const hasRivals = rivals.length > 0 || !isOneChunk || suspectFiles.length > 0;
  if (!hasRivals || !isPortableKey(contract, table)) return false;
  const bytes = [...files, ...rivals].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return bytes >= fromBytes;
}
