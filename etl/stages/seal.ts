import { join } from 'node:path';
import { z } from 'zod';
import type { SourceContract } from '../contract/contract.ts';
import { knowsRepeats } from '../contract/record-key.ts';
import { type Engine, readParquet, withEngine } from '../engine/engine.ts';
import { IDENTITY_VERSION } from '../engine/record-identity.ts';
import { keepSuperseded } from '../eventstore/superseded.ts';
import { atMost, inFlight } from '../in-flight.ts';
import { chunkKey, sealKey } from '../naming/runs.ts';
import { addPii } from '../privacy/pii/pii-count.ts';
import { inheritFailures } from '../quarantine/attempts.ts';
import { findInRejects } from '../refining/find-personal.ts';
import { createRejects } from '../refining/rejects.ts';
import { keepRepeats } from '../repeats/keep-repeats.ts';
import { type CarryInput, carryOver, retriedSince } from '../sealing/carry-over.ts';
import { changedChunks } from '../sealing/changed-chunks.ts';
import { chunkKeys } from '../sealing/chunk-keys.ts';
import { digestRejects } from '../sealing/digest-rejects.ts';
import { findPrior } from '../sealing/find-prior.ts';
import { gapsOfRun } from '../sealing/gaps-of-run.ts';
import { HeldFiles } from '../sealing/held-files.ts';
import type { KeptTasks } from '../sealing/keep-tasks.ts';
import { mergeParts } from '../sealing/merge-parts.ts';
import { type ProvenFiles, proveFiles, totalRowsOf } from '../sealing/prove-files.ts';
import { countSpanLines, countUnread } from '../sealing/rejects-extent.ts';
import { type Rewriting, resolveSilver } from '../sealing/resolve-silver.ts';
import type { RewriteTarget } from '../sealing/rewrite.ts';
import { sumCounts } from '../sealing/sealed-file.ts';
import type { Sealing } from '../sealing/sealing.ts';
import { someCopies } from '../sealing/some-copies.ts';
import { countFirstFailures, countReasonCodes, giveVerdicts, newsSql } from '../sealing/verdicts.ts';
import { writeRejectsAndLedger } from '../sealing/write-rejects.ts';
import { WrittenSilver } from '../sealing/written-silver.ts';
import { countReasons, countRecords } from '../telemetry.ts';
import { putCommitPlan } from './commit-plans.ts';
import { openDatasetTables } from './dataset-tables.ts';
import { dialectsOf } from './dialects.ts';
import {
  ChunkResult,
  type CommitPlan,
  Counts,
  type PlannedChunk,
  type RefinedFile,
  Seal,
} from './documents.ts';
import { CHUNK_BYTES } from './make-plan.ts';
import { loadRun } from './run-context.ts';
import { getRunDocument, inFormat, RUN_FORMAT } from './run-documents.ts';
import { digestSeal } from './seal-digest.ts';
import { silverTarget } from './silver-target.ts';
import { defineStage, RunInput } from './stage.ts';
import { putDocument } from './stored-documents.ts';
import { withoutFooters } from './without-footers.ts';

const SealInput = RunInput.extend({
  /** Whether it may leave it to workers to write Silver's files anew, or they are done; absent where nobody would do it. */
  rewriting: z.enum(['choose', 'done']).exactOptional(),
});

/** The seal; or the list of what workers have to do first, after which it is called again. */
const SealOutput = z.union([
  RunInput.extend({ digest: Seal.shape.digest, counts: Counts }),
  RunInput.extend({ rewrites: z.number().int().positive(), rewritesKey: z.string() }),
]);

/**
 * Adds up a run: resolves duplicates across chunks and against the base, counts attempts, writes quarantine, condemned
 * and ledger files, proves conservation by what was read back of each file that was written, and leaves the seal
 * (`_SUCCESS`) and the plan of the commit. Nothing is visible to readers yet. A retry writes the same files. Where very
 * much of Silver is to be written anew, it leaves that to workers, and is called once more when they are done.
 */
export const seal = defineStage({
  name: 'seal',
  input: SealInput,
  output: SealOutput,
  run: async ({ dataset, runId, rewriting }, effects) => {
    const context = await loadRun(effects, { dataset, runId });
    const scratch = await effects.openScratch(`seal-${runId}`);
    const held = new HeldFiles(effects.data, effects.chunkBytes ?? CHUNK_BYTES);
    try {
      const sealed = await withEngine(effects.engine, join(scratch.directory, 'spill'), (engine) => {
        const written = new WrittenSilver(engine, context.contract);
        return sealRun({ effects, engine, scratch, context, held, written }, rewriting ?? 'alone');
      });
      if ('rewrites' in sealed) return { dataset, runId, ...sealed };
      const commit = { format: RUN_FORMAT, sealDigest: sealed.seal.digest, ...sealed.commit };
      await putCommitPlan(effects.objects, { dataset, runId }, { plan: commit });
      await putDocument(effects.objects, sealKey(dataset, context.contract.version, runId), sealed.seal);
      for (const [boundary, count] of Object.entries(sealed.seal.counts))
        countRecords(dataset, boundary, count);
      countReasons(dataset, sealed.seal.reasons);
      return { dataset, runId, digest: sealed.seal.digest, counts: sealed.seal.counts };
    } finally {
      await held.letGo();
      await scratch.dispose();
    }
  },
});

async function sealRun(
  sealing: Sealing,
  rewriting: Rewriting,
): Promise<{ seal: Seal; commit: CommitPlan } | KeptTasks> {
  const { effects, engine, context } = sealing;
  const { plan, contract } = context;
  const read = await readChunks(sealing);
  const tables = openDatasetTables(effects, contract, context.base);
  const refined = mergeParts(read.flatMap((chunk) => chunk.files));
  await loadWritten(sealing, await silverTarget(sealing, tables), read);
  await loadRejects(sealing, read);
  const dialects = await dialectsOf(effects.objects, contract, plan);
  const target = await silverTarget(sealing, tables);
  const chunks = await withoutFooters({ ...sealing, plan, target, dialects, refined, chunks: read });
  const carry = carryInput(sealing, chunks);
  const hasPrior = carry === undefined ? await findPrior(sealing, tables, chunks) : true;
  if (carry !== undefined) await carryOver(carry);
  const totalRows = await totalRowsOf(engine, { dialects, refined });
  const retried = carry === undefined ? undefined : await retriedSince(carry);
  const pii = await piiOf(engine, contract, refined);
  const keys = await chunkKeys(engine, { plan, read, chunks });
  const resolving = { tables, chunks, keys, dialects, hasPrior, retried, rewriting };
  const silver = await resolveSilver(sealing, resolving);
  if ('rewrites' in silver) return silver;
  if (carry === undefined) await inheritFailures(engine, effects, plan);
  await giveVerdicts(engine, contract);
  const proven = await proveFiles(sealing, { dialects, refined, totalRows });
  const commit = await writeRejectsAndLedger(sealing, tables, { files: proven.files, silver });
  const { dataset, runId } = plan;
  const superseded =
    silver.gaveWay === 0 ? {} : { superseded: await keepSuperseded({ ...sealing, dataset, runId }) };
  const gaps = await gapsOfRun(sealing, silver);
  const [sets] = silver.sets;
  const body = {
    ...(await sealBody(sealing, proven, pii)),
    ...superseded,
    ...gaps,
    ...(sets === undefined ? {} : { sets }),
  };
  return { seal: { ...body, digest: digestSeal(body) }, commit };
}

/** Personal data in what passed and in what failed, footers apart; before duplicates, so that none counts twice. */
async function piiOf(
  engine: Engine,
  contract: SourceContract,
  refined: ReadonlyMap<number, RefinedFile>,
): Promise<Pick<Seal, 'pii'>> {
  const failed = await findInRejects(engine, contract);
  const pii = addPii(...[...refined.values()].map((file) => file.pii), ...failed.values());
  return pii.length === 0 ? {} : { pii };
}

/** Documents that are read at once, of ten thousand perhaps. */
const CHUNKS_AT_ONCE = 32;

async function readChunks({ effects, context: { plan } }: Sealing): Promise<ChunkResult[]> {
  const results: ChunkResult[] = [];
  const read = async ({ chunk }: PlannedChunk): Promise<ChunkResult> => {
    const key = chunkKey(plan.dataset, plan.runId, chunk);
    return inFormat(await getRunDocument(effects.objects, key, ChunkResult), key);
  };
  for await (const result of inFlight(plan.chunks, atMost(CHUNKS_AT_ONCE), read)) results.push(result);
  return results;
}

/** What lies in the chunks' Silver files, as refine read it back; read once more where files aren't as it left them. */
async function loadWritten(
  { effects, context: { plan }, held, written }: Sealing,
  { root }: Pick<RewriteTarget, 'root'>,
  chunks: readonly ChunkResult[],
): Promise<void> {
  const ids = new Map(plan.files.map(({ index, sourceFileId }) => [index, sourceFileId]));
  const changed = await changedChunks(chunks, { objects: effects.objects, plan, root });
  for (const chunk of chunks) {
    if (!changed.has(chunk)) written.addChunk(chunk, ids);
    else
      for (const some of held.batches([...chunk.dataFiles, ...chunk.suspectFiles]))
        await written.addFiles(await held.paths(some));
  }
}

/** What the seal says of the run, but for its digest. */
async function sealBody(
  sealing: Sealing,
  proven: ProvenFiles,
  pii: Pick<Seal, 'pii'>,
): Promise<Omit<Seal, 'digest'>> {
  const { effects, engine, context } = sealing;
  const { plan, contract } = context;
  const keys = new Map(plan.files.map(({ sourceFileId, key }) => [sourceFileId, key]));
  const unread = await countUnread(engine, contract, (id) => keys.get(id) ?? id);
  const isAgain = knowsRepeats(contract);
  const news = await newsSql(engine, isAgain);
  const spanLines = await countSpanLines(engine, news);
  const { dataset, runId } = plan;
  const repeatsDigest = await keepRepeats({ ...sealing, dataset, runId });
  return {
    format: 1,
    identityVersion: IDENTITY_VERSION,
    dataset,
    runId,
    contractVersion: plan.contractVersion,
    contractDigest: plan.contractDigest,
    baseVersion: plan.baseVersion,
    sealedAt: effects.clock.now().toISOString(),
    counts: sumCounts(proven.files),
    reasons: await countReasonCodes(engine),
    files: proven.files,
    controlTotals: proven.controlTotals,
    ...(unread.length === 0 ? {} : { unread }),
    ...(spanLines === undefined ? {} : { spanLines }),
    ...pii,
    rejectsDigest: await digestRejects(engine, 'verdicts'),
    ...(repeatsDigest === undefined ? {} : { repeatsDigest }),
    ...(news === undefined ? {} : { first: await countFirstFailures(engine, news, isAgain) }),
    unproven: proven.unproven,
  };
}

async function loadRejects(
  { effects, engine, context }: Sealing,
  chunks: readonly ChunkResult[],
): Promise<void> {
  await createRejects(engine, context.contract);
  const keys = chunks.flatMap(({ rejectsKey }) => (rejectsKey === undefined ? [] : [rejectsKey]));
  for await (const paths of someCopies(effects.data, keys))
    await engine.run(`INSERT INTO rejects BY NAME SELECT * FROM ${readParquet(paths)}`);
}

/** What a migration carries over from the generation that readers see; undefined for every other run. */
function carryInput(sealing: Sealing, chunks: readonly ChunkResult[]): CarryInput | undefined {
  const { effects, engine, scratch, context, held } = sealing;
  const { plan, contract, published } = context;
  if (plan.generation === undefined || published === undefined) return undefined;
  const tables = openDatasetTables(effects, contract, published);
  const files = chunks.flatMap((chunk) => [...chunk.dataFiles, ...chunk.suspectFiles]);
  return { engine, effects, scratch, plan, tables, published, files, held };
}
