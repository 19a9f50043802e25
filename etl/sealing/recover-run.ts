import type { FileToRead } from '../csv/open-file.ts';
import type { DialectGroup } from '../stages/dialects.ts';
import type { Plan } from '../stages/documents.ts';
import { recoverExcluded } from './recover-records.ts';
import type { Sealing } from './sealing.ts';

/** Of which chunks' files records are recovered. */
interface Recovering {
  readonly plan: Pick<Plan, 'files'>;
  /** What these chunks read. */
  readonly files: readonly FileToRead[];
  /** Keys of the Parquet files of the suspects that refine kept of them. */
  readonly suspects: readonly string[];
  /** The run's files, or those of a part of its plan, by their dialects. */
  readonly dialects: readonly DialectGroup[];
}

/** Adds the records of `excluded` to `rejects` as they came, each read in the dialect of its file. */
export async function recoverRun(
  { effects, engine, scratch }: Pick<Sealing, 'effects' | 'engine' | 'scratch'>,
  { plan, files, suspects, dialects }: Recovering,
): Promise<void> {
  const sourceFileIds = new Map(plan.files.map((file) => [file.index, file.sourceFileId]));
  for (const [n, { contract, files: own }] of dialects.entries()) {
    const indexes = new Set(own.map(({ index }) => index));
    await recoverExcluded({
      ...{ engine, data: effects.data, scratch, contract, digestKey: effects.digestKey(), sourceFileIds },
      suspects: n === 0 ? suspects : [],
      files: files.filter(({ index }) => indexes.has(index)),
    });
  }
}
