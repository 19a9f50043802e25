import type { Engine } from '../engine/engine.ts';
import { literal } from '../engine/sql.ts';
import { retryOf } from '../naming/decisions.ts';
import { hasFooter } from '../refining/footers.ts';
import { takeFooters } from '../sealing/footers.ts';
import { holdsSource } from '../sealing/may-hold.ts';
import { withFooter } from '../sealing/merge-parts.ts';
import { filesAfter, numbered, type RewriteTarget, rewriteWithout } from '../sealing/rewrite.ts';
import type { WrittenSilver } from '../sealing/written-silver.ts';
import type { DataFile } from '../table/schema.ts';
import type { DialectGroup } from './dialects.ts';
import type { ChunkResult, Plan, PlannedFile, RefinedFile } from './documents.ts';

/** What footers are taken out of. */
export interface FooterWork {
  readonly engine: Engine;
  readonly plan: Plan;
  /** Where Silver's files are written anew. */
  readonly target: Omit<RewriteTarget, 'partPrefix'>;
  readonly written: WrittenSilver;
  readonly dialects: readonly DialectGroup[];
  /** What refine found, by file index; files are noted here without their footers. */
  readonly refined: Map<number, RefinedFile>;
  readonly chunks: readonly ChunkResult[];
}

/**
 * Takes the files' footers out of the rejects, and notes them in `refined`. A file whose footer is not where it should be
 * is rejected: nothing of it stays. Returns the chunks without its rows.
 */
export async function withoutFooters(work: FooterWork): Promise<readonly ChunkResult[]> {
  const wrong: string[] = [];
  for (const group of work.dialects)
    if (hasFooter(group.contract)) wrong.push(...(await takeOf(work, group)));
  if (wrong.length === 0) return work.chunks;
  const { engine, target, written, chunks } = work;
  const listed = `source_file_id IN (${wrong.map(literal).join(', ')})`;
  await engine.run(`DELETE FROM rejects WHERE ${listed}`);
  const mayHold = holdsSource(wrong);
  const rewrite = async (files: readonly DataFile[], partPrefix: string): Promise<DataFile[]> =>
    filesAfter(
      files,
      await rewriteWithout(`old.${listed}`, numbered(files, mayHold), { ...target, written, partPrefix }),
    );
  const left: ChunkResult[] = [];
  for (const chunk of chunks) {
    const dataFiles = await rewrite(chunk.dataFiles, `${chunk.chunk}-footed`);
    const suspectFiles = await rewrite(chunk.suspectFiles, `${chunk.chunk}-footed-apart`);
    left.push({ ...chunk, dataFiles, suspectFiles });
  }
  return left;
}

/** Takes the footers of the files of one dialect; returns the source_file_ids of those that are rejected for theirs. */
async function takeOf(
  { engine, plan, target, refined, chunks }: FooterWork,
  { contract, files }: DialectGroup,
): Promise<string[]> {
  const mayHave = files.filter(
    ({ index, key }: PlannedFile) =>
      (refined.get(index)?.records ?? 0) > 0 && retryOf(plan.dataset, key) === undefined,
  );
  const silver = chunks.flatMap((chunk) => [...chunk.dataFiles, ...chunk.suspectFiles]);
  const found = await takeFooters({
    engine,
    contract,
    ...{ silver, held: target.held },
    ids: mayHave.map(({ sourceFileId }) => sourceFileId),
  });
  const wrong: string[] = [];
  for (const { index, sourceFileId } of mayHave) {
    const [file, footer] = [refined.get(index), found.get(sourceFileId)];
    if (file === undefined || footer === undefined) continue;
    if (footer.kind === 'wrong') wrong.push(sourceFileId);
    refined.set(index, withFooter(file, footer));
  }
  return wrong;
}
