import type { Engine } from '../engine/engine.ts';
import { retryOf } from '../naming/decisions.ts';
import type { DialectGroup } from '../stages/dialects.ts';
import type { ControlTotal, SealedFile } from '../stages/documents.ts';
import { emptyFind, findOutcomes, proveFile, takeTotalRows } from './conservation.ts';
import { identitiesOf } from './identities-of.ts';
import type { mergeParts } from './merge-parts.ts';
import { sealedFile } from './sealed-file.ts';
import type { Sealing } from './sealing.ts';
import { findSecondHeaders } from './second-headers.ts';

/** What was found and proven of a run's files. */
export interface ProvenFiles {
  readonly files: SealedFile[];
  readonly controlTotals: ControlTotal[];
  readonly unproven: { key: string; problem: string }[];
}

/** What files are proven with. */
interface Proving {
  readonly dialects: readonly DialectGroup[];
  /** By the file's index. */
  readonly refined: ReturnType<typeof mergeParts>;
  /** By source_file_id. */
  readonly totalRows: TotalRows;
}

type TotalRows = Awaited<ReturnType<typeof takeTotalRows>>;

/** The total rows of the files that have one, taken out of the rejects, each read in its file's dialect. */
export async function totalRowsOf(
  engine: Engine,
  { dialects, refined }: Pick<Proving, 'dialects' | 'refined'>,
): Promise<TotalRows> {
  const found: TotalRows = new Map();
  for (const { contract, files } of dialects) {
    const lastRows = files.flatMap(({ index, sourceFileId }) => {
      const part = refined.get(index);
      return part === undefined ? [] : [[sourceFileId, part.lastContentRow] as const];
    });
    for (const [id, total] of await takeTotalRows(engine, contract, new Map(lastRows))) found.set(id, total);
  }
  return found;
}

/** Proves of each file, by what was read back of Silver, that every record has one verdict. */
export async function proveFiles(
  { engine, context: { plan, contract }, written }: Sealing,
  { dialects, refined, totalRows }: Proving,
): Promise<ProvenFiles> {
  const secondHeaders = await secondHeadersOf(engine, dialects);
  const found = await findOutcomes({ engine, contract, written: written.bySource });
  const identities = await identitiesOf(
    engine,
    [...refined.values()].map(({ records }) => records),
  );
  const readings = new Map(dialects.flatMap((one) => one.files.map((file) => [file, one.contract] as const)));
  const proven: ProvenFiles = { files: [], controlTotals: [], unproven: [] };
  for (const file of plan.files) {
    const inFile = found.get(file.sourceFileId);
    const totalRow = totalRows.get(file.sourceFileId);
    const result = refined.get(file.index);
    proven.files.push({
      ...sealedFile(file, result, file.repeatOf === undefined ? inFile : undefined, totalRow !== undefined),
      ...(retryOf(plan.dataset, file.key) === undefined || result?.outcome !== 'read'
        ? {}
        : { note: 'records from quarantine, tested once more' }),
    });
    if (result?.outcome !== 'read') continue;
    const identity = identities.get(result.records) ?? '';
    const proof = { key: file.key, refined: result, identity, found: inFile ?? emptyFind(), totalRow };
    const { controlTotals, problems } = proveFile(readings.get(file) ?? contract, proof);
    proven.controlTotals.push(...controlTotals);
    for (const problem of [...problems, ...(secondHeaders.get(file.sourceFileId) ?? [])])
      proven.unproven.push({ key: file.key, problem });
  }
  return proven;
}

/** The second headers of all files, each by the spellings of the dialect in which it is read. */
async function secondHeadersOf(
  engine: Engine,
  dialects: readonly DialectGroup[],
): Promise<ReadonlyMap<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const { contract, files } of dialects) {
    const ids = files.map(({ sourceFileId }) => sourceFileId);
    for (const [id, problems] of await findSecondHeaders(engine, contract, ids)) found.set(id, problems);
  }
  return found;
}
