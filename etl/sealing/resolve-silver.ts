import { isByRecord } from '../contract/record-key.ts';
import { isOfEvents } from '../eventstore/event-order.ts';
import { partOfRest } from '../naming/tables.ts';
import { loadReplaced } from '../quarantine/current-rejects.ts';
import type { DatasetTables } from '../stages/dataset-tables.ts';
import type { DialectGroup } from '../stages/dialects.ts';
import { type ChunkResult, type CommitPlan, replacedFiles } from '../stages/documents.ts';
import { filesToRead } from '../stages/files-to-read.ts';
import { silverTarget } from '../stages/silver-target.ts';
import { loadArrivalOrder } from './arrival-order.ts';
import type { SetWorkDone } from './candidates-by-sets.ts';
import { rivalsOf } from './candidates-in-files.ts';
import { chooseCandidates } from './choose-candidates.ts';
import type { ChunkKeys } from './chunk-keys.ts';
import { EXCLUDED_SQL, findExclusions, LEFT_OUT_SQL, supersededSql } from './exclusions.ts';
import { holdsPlaces, holdsSource } from './may-hold.ts';
import { loadOrigins } from './record-origins.ts';
import { recoverGaveWay } from './recover-gave-way.ts';
import { recoverExcluded } from './recover-records.ts';
import { rewriteWithout } from './rewrite.ts';
import type { Sealing } from './sealing.ts';

/** What Silver's new files are resolved with. */
interface Resolving {
  readonly tables: DatasetTables;
  readonly chunks: readonly ChunkResult[];
  readonly keys: readonly ChunkKeys[];
  readonly dialects: readonly DialectGroup[];
  readonly hasPrior: boolean;
  readonly retried: string | undefined;
}

/** Silver's files after a run: its own, and what the commit adds and removes. */
export interface ResolvedSilver {
  readonly files: CommitPlan['silver'];
  readonly added: CommitPlan['silver'];
  readonly removed: string[];
  /** Files of the base that stay, or were written anew. */
  readonly kept: CommitPlan['silver'];
  /** How many events left the base for others; their rows are in `gave_way`, and their verdicts in `gave_way_rejects`. */
  readonly gaveWay: number;
  /** What a set engine did for it; empty where DuckDB did all. */
  readonly sets: readonly SetWorkDone[];
}

/** Takes out of Silver's new files what may not go there, and out of the base what new records replace. */
export async function resolveSilver(
  sealing: Sealing,
  { tables, chunks, keys, dialects, hasPrior, retried }: Resolving,
): Promise<ResolvedSilver> {
  const { effects, engine, scratch, context, held } = sealing;
  const { plan, contract } = context;
  const { data } = effects;
  const suspectFiles = chunks.flatMap((chunk) => chunk.suspectFiles);
  const files = [...chunks.flatMap((chunk) => chunk.dataFiles), ...suspectFiles];
  const published = await tables.files('silver');
  const target = await silverTarget(sealing, tables);
  const replaced = replacedFiles(plan);
  if (replaced.length > 0) await loadReplaced(engine, replaced);
  const standing = replaced.length === 0 ? 'true' : `NOT ${REPLACED_SQL}`;
  if (isByRecord(contract)) await loadOrigins({ engine, data, plan, tables, standing });
  const sets: SetWorkDone[] = [];
  const counts = await findExclusions({
    ...{ engine, data, scratch, held, contract, files, suspectFiles, keys },
    isOneChunk: chunks.length === 1,
    baseFiles: published,
    standing,
    findCandidates: chooseCandidates(effects, plan, (work) => sets.push(work)),
    order: await loadArrivalOrder({ engine, data, contract, plan, tables }),
    hasPrior,
    retriedSince: retried,
    table: target.table,
  });
  let mine = files;
  if (counts.excluded > 0) {
    const suspects = chunks.flatMap((chunk) => (chunk.suspectsKey === undefined ? [] : [chunk.suspectsKey]));
    const sourceFileIds = new Map(plan.files.map((file) => [file.index, file.sourceFileId]));
    const all = [...(await filesToRead(effects.objects, plan)).values()].flat();
    for (const [n, { contract: reading, files: own }] of dialects.entries()) {
      const indexes = new Set(own.map(({ index }) => index));
      await recoverExcluded({
        ...{ engine, data, scratch, contract: reading, digestKey: effects.digestKey(), sourceFileIds },
        suspects: n === 0 ? suspects : [],
        files: all.filter(({ index }) => indexes.has(index)),
      });
    }
  }
  if (counts.excluded + counts.repeats > 0)
    mine = (
      await rewriteWithout(EXCLUDED_SQL, files, {
        ...{ ...target, written: sealing.written },
        mayHold: await holdsPlaces(engine, LEFT_OUT_SQL),
        partPrefix: partOfRest('unique', plan.rest),
      })
    ).files;
  const gone = [
    ...(replaced.length === 0 ? [] : [REPLACED_SQL]),
    ...(counts.superseded === 0 ? [] : [supersededSql(contract)]),
  ];
  const isReplaced = holdsSource(replaced);
  const sharing = counts.superseded === 0 ? [] : rivalsOf({ contract, baseFiles: published }, files);
  const rivals = new Set(sharing.map(({ key }) => key));
  const base =
    gone.length === 0
      ? { files: published }
      : await rewriteWithout(`(${gone.join(' OR ')})`, published, {
          ...target,
          partPrefix: partOfRest('kept', plan.rest),
          mayHold: (file) => isReplaced(file) || rivals.has(file.key),
        });
  const before = new Set(published.map((file) => file.key));
  const after = new Set(base.files.map((file) => file.key));
  const added = [...mine, ...base.files.filter((file) => !before.has(file.key))];
  const gaveWay = isOfEvents(contract) ? counts.superseded : 0;
  if (gaveWay > 0 && isOfEvents(contract)) await recoverGaveWay(sealing, contract, tables);
  return {
    files: mine,
    added,
    removed: [...before].filter((key) => !after.has(key)),
    kept: base.files.slice(),
    gaveWay,
    sets,
  };
}

/** The condition under which a row (`old`) of the base is of a file that is read again. */
const REPLACED_SQL = 'old.source_file_id IN (SELECT id$ FROM replaced)';
