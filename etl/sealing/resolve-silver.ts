import type { SourceContract } from '../contract/contract.ts';
import { isByRecord } from '../contract/record-key.ts';
import { integerOf } from '../engine/engine.ts';
import { DataError } from '../errors.ts';
import { isOfEvents } from '../eventstore/event-order.ts';
import { partOfRest } from '../naming/tables.ts';
import type { Effects } from '../ports.ts';
import { loadReplaced } from '../quarantine/current-rejects.ts';
import type { DatasetTables } from '../stages/dataset-tables.ts';
import type { DialectGroup } from '../stages/dialects.ts';
import { type ChunkResult, type CommitPlan, replacedFiles } from '../stages/documents.ts';
import { filesToRead } from '../stages/files-to-read.ts';
import { CHUNK_BYTES } from '../stages/make-plan.ts';
import { silverTarget } from '../stages/silver-target.ts';
import type { LakeTable } from '../table/lake-table.ts';
import type { DataFile } from '../table/schema.ts';
import { loadArrivalOrder } from './arrival-order.ts';
import type { SetWorkDone } from './candidates-by-sets.ts';
import { rivalsOf } from './candidates-in-files.ts';
import { chooseCandidates } from './choose-candidates.ts';
import type { ChunkKeys } from './chunk-keys.ts';
import { type Exclusions, findExclusions, LEFT_OUT_SQL, loadLeftOut } from './exclusions.ts';
import { type KeptTasks, keepTasks } from './keep-tasks.ts';
import { keyIdentifiers, leavesBaseSql, REPLACED_SQL } from './leaving.ts';
import { holdsPlaces, holdsSource, type MayHold } from './may-hold.ts';
import { loadOrigins } from './record-origins.ts';
import { recoverGaveWay } from './recover-gave-way.ts';
import { recoverRun } from './recover-run.ts';
import { filesAfter, type NumberedFile, numbered, type RewrittenFile, rewriteWithout } from './rewrite.ts';
import { rewriteTasks, suspectsOf } from './rewrite-tasks.ts';
import type { Sealing } from './sealing.ts';
import { takeRewritten } from './take-rewritten.ts';

/** Who writes Silver's files anew: seal alone; seal or workers, as it chooses; or workers did. */
export type Rewriting = 'alone' | 'choose' | 'done';

/** What Silver's new files are resolved with. */
interface Resolving {
  readonly tables: DatasetTables;
  readonly chunks: readonly ChunkResult[];
  readonly keys: readonly ChunkKeys[];
  readonly dialects: readonly DialectGroup[];
  readonly hasPrior: boolean;
  readonly retried: string | undefined;
  readonly rewriting: Rewriting;
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

/** Takes out of Silver's new files what may not go there, and out of the base what new records replace; or leaves that to workers. */
export async function resolveSilver(
  sealing: Sealing,
  resolving: Resolving,
): Promise<ResolvedSilver | KeptTasks> {
  const { effects, engine, context } = sealing;
  const { plan, contract } = context;
  const { tables, chunks, rewriting } = resolving;
  const files = filesOf(chunks);
  const published = await tables.files('silver');
  const target = await silverTarget(sealing, tables);
  const replaced = replacedFiles(plan);
  if (replaced.length > 0) await loadReplaced(engine, replaced);
  const { counts, sets } = await findLeaving(sealing, resolving, { published, table: target.table });
  const isSuperseding = counts.superseded > 0;
  const leaving = leavesBaseSql(contract, { isReplacing: replaced.length > 0, isSuperseding });
  const isLeaving = counts.excluded + counts.repeats > 0;
  if (isLeaving) await loadLeftOut(engine);
  const run = {
    files: isLeaving ? numbered(files, await holdsPlaces(engine, 'SELECT * FROM left_out')) : [],
    partPrefix: partOfRest('unique', plan.rest),
  };
  const base = {
    files: numbered(published, leavingBase(contract, { published, files, replaced, isSuperseding })),
    partPrefix: partOfRest('kept', plan.rest),
  };
  const work = { run, base, chunks, isSuperseding };
  if (rewriting === 'choose' && isForWorkers([...run.files, ...base.files], effects))
    return await keepTasks(sealing, await rewriteTasks(sealing, work));
  if (counts.excluded > 0 && rewriting !== 'done') await recover(sealing, resolving);
  const { written } = sealing;
  const rewritten =
    rewriting === 'done'
      ? await takeRewritten(sealing, await rewriteTasks(sealing, work), target.root)
      : {
          run: await rewriteWithout(LEFT_OUT_SQL, run.files, { ...target, ...run, written }),
          base: await rewriteWithout(leaving ?? 'false', base.files, { ...target, ...base }),
        };
  if (isSuperseding) await requireSuperseded(sealing, rewritten.base);
  const [mine, kept] = [filesAfter(files, rewritten.run), filesAfter(published, rewritten.base)];
  const gaveWay = isOfEvents(contract) ? counts.superseded : 0;
  if (gaveWay > 0 && isOfEvents(contract)) await recoverGaveWay(sealing, contract, tables);
  return {
    files: mine,
    added: [...mine, ...rewritten.base.flatMap(({ made }) => made)],
    removed: rewritten.base.map(({ file }) => file.key),
    kept,
    gaveWay,
    sets,
  };
}

/** Throws DataError `SUPERSEDED_LEFT` where fewer rows left the base than there are keys of rows that give way: each key had one at least. */
async function requireSuperseded(
  { engine, context: { contract, plan } }: Sealing,
  base: readonly RewrittenFile[],
): Promise<void> {
  const keys = keyIdentifiers(contract).join(', ');
  const [row = {}] = await engine.rows(`SELECT count(*) AS n FROM (SELECT DISTINCT ${keys} FROM superseded)`);
  const wanted = integerOf(row, 'n');
  const left = base.reduce((sum, file) => sum + file.left, 0);
  if (left >= wanted) return;
  throw new DataError(
    'SUPERSEDED_LEFT',
    `Run ${plan.runId} of ${plan.dataset} replaces rows with ${wanted} keys, but only ${left} left Silver. Nothing was published; the files are taken up by the next run.`,
    { context: { dataset: plan.dataset, runId: plan.runId, wanted, left } },
  );
}

const filesOf = (chunks: readonly ChunkResult[]): DataFile[] => [
  ...chunks.flatMap((chunk) => chunk.dataFiles),
  ...chunks.flatMap((chunk) => chunk.suspectFiles),
];

/** Chunks' worth of files that seal writes anew itself, in some minutes: to find twice what leaves costs others more. */
const OWN_CHUNKS = 4;

function isForWorkers(
  files: readonly NumberedFile[],
  { rewriteFromBytes, chunkBytes = CHUNK_BYTES }: Effects,
): boolean {
  const sizeBytes = files.reduce((sum, { file }) => sum + file.sizeBytes, 0);
  return files.length > 0 && sizeBytes >= (rewriteFromBytes ?? OWN_CHUNKS * chunkBytes);
}

/** Finds which records may not go to Silver, and which rows of the base give way. */
async function findLeaving(
  sealing: Sealing,
  { tables, chunks, keys, hasPrior, retried }: Resolving,
  { published, table }: { readonly published: readonly DataFile[]; readonly table: LakeTable },
): Promise<{ counts: Exclusions; sets: readonly SetWorkDone[] }> {
  const { effects, engine, scratch, context, held } = sealing;
  const { plan, contract } = context;
  const { data } = effects;
  const standing = replacedFiles(plan).length === 0 ? 'true' : `NOT ${REPLACED_SQL}`;
  if (isByRecord(contract)) await loadOrigins({ engine, data, plan, tables, standing });
  const sets: SetWorkDone[] = [];
  const counts = await findExclusions({
    ...{ engine, data, scratch, held, contract, files: filesOf(chunks), keys },
    suspectFiles: chunks.flatMap((chunk) => chunk.suspectFiles),
    isOneChunk: chunks.length === 1,
    baseFiles: published,
    standing,
    findCandidates: chooseCandidates(effects, plan, (work) => sets.push(work)),
    order: await loadArrivalOrder({ engine, data, contract, plan, tables }),
    hasPrior,
    retriedSince: retried,
    table,
  });
  return { counts, sets };
}

/** Whether rows may leave a file of the base. */
function leavingBase(
  contract: SourceContract,
  { published, files, replaced, isSuperseding }: BaseLeaving,
): MayHold {
  if (replaced.length === 0 && !isSuperseding) return () => false;
  const isReplaced = holdsSource(replaced);
  const sharing = isSuperseding ? rivalsOf({ contract, baseFiles: published }, files) : [];
  const rivals = new Set(sharing.map(({ key }) => key));
  return (file) => isReplaced(file) || rivals.has(file.key);
}

/** What may leave the base, and why. */
interface BaseLeaving {
  readonly published: readonly DataFile[];
  readonly files: readonly DataFile[];
  readonly replaced: readonly string[];
  readonly isSuperseding: boolean;
}

/** Adds what is left out of Silver to the rejects as it came. */
async function recover(sealing: Sealing, { chunks, dialects }: Resolving): Promise<void> {
  const { plan } = sealing.context;
  const files = [...(await filesToRead(sealing.effects.objects, plan)).values()].flat();
  await recoverRun(sealing, { plan, files, suspects: chunks.flatMap(suspectsOf), dialects });
}
