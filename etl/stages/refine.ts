import { join } from 'node:path';
import { z } from 'zod';
import { isWide } from '../csv/layout.ts';
import { withEngine, withLanes } from '../engine/engine.ts';
import { ConflictError } from '../errors.ts';
import { chunkKey } from '../naming/runs.ts';
import type { Effects } from '../ports.ts';
import { PriorFailures } from '../refining/prior-failures.ts';
import { bytesToRead, Refinery } from '../refining/refinery.ts';
import { type SealedReading, sealedEngine, withSealedReading } from '../refining/sealed-reading.ts';
import { WrittenFiles } from '../refining/written-files.ts';
import { openDatasetTables } from './dataset-tables.ts';
import { inDialect } from './dialects.ts';
import { ChunkResult, type Plan, type PlannedChunk, replacedFiles } from './documents.ts';
import { filesToRead } from './files-to-read.ts';
import { PartName } from './plan-parts.ts';
import { loadRun } from './run-context.ts';
import { RUN_FORMAT } from './run-documents.ts';
import { defineStage, RunInput } from './stage.ts';
import { parseDocument, putDocument } from './stored-documents.ts';

/**
 * Segments refined at once: they fill the pauses in which one statement keeps only one thread busy. Two, since each
 * takes memory and one of the four threads on which Node waits for files.
 */
const LANES = 2;

/** From so many bytes on the native part is worth loading. */
const NATIVE_BYTES = 8 * 1024 * 1024;

const RefineInput = RunInput.extend({ chunk: z.string(), part: PartName.optional() });
const RefineOutput = RunInput.extend({ chunk: z.string(), records: z.number() });

/**
 * Refines one chunk in one pass over its bytes: enrich, validate, convert, split. Leaves Silver's data files and the
 * rejects under the run's own keys, and a summary for seal to add up, with what it read back of these files. A retry
 * writes the same files.
 */
export const refine = defineStage({
  name: 'refine',
  input: RefineInput,
  output: RefineOutput,
  run: async ({ dataset, runId, chunk, part }, effects) => {
    const { plan, contract: own, base, published } = await loadRun(effects, { dataset, runId }, part);
    const done = await refinedBefore(effects, plan, chunk);
    if (done !== undefined) return { dataset, runId, chunk, records: recordsOf(done) };
    const { dialect } = requireChunk(plan, chunk);
    const contract = await inDialect(effects.objects, own, dialect);
    const tables = openDatasetTables(effects, contract, base);
    const silver = await tables.table('silver');
    const files = (await filesToRead(effects.objects, plan, part)).get(chunk) ?? [];
    const scratch = await effects.openScratch(`refine-${runId}-${chunk}`);
    try {
      // Many columns leave memory for one at a time.
      const atOnce = isWide(contract.columns.length) ? 1 : effects.engine.threads;
      const lanes = Math.min(LANES, atOnce);
      // A thread for each lane, so that no lane waits in mid-statement for another.
      const options = {
        ...sealedEngine(effects.engine, contract),
        threads: atOnce - lanes + 1,
        nativePart: bytesToRead(plan, files) < NATIVE_BYTES ? undefined : effects.nativePart,
      };
      const result = await withEngine(options, join(scratch.directory, 'spill'), async (engine) => {
        const prior = await PriorFailures.open(engine, {
          tables,
          replaced: replacedFiles(plan),
          carriedRun: base?.generation_run,
        });
        const isKeyed = (part ?? '') !== '' || plan.chunks.length > 1;
        const written = await WrittenFiles.open(engine, { contract, data: effects.data, isKeyed });
        const judged = openDatasetTables(effects, contract, published);
        const refineWith = (sealed: SealedReading | undefined): Promise<Omit<ChunkResult, 'format'>> =>
          withLanes(engine, lanes, (opened) =>
            new Refinery({
              effects,
              engine,
              lanes: opened,
              scratch,
              plan,
              contract,
              silver,
              chunk,
              files,
              prior,
              sealed,
              earlier: sealed && { tables: judged },
              written,
            }).refine(),
          );
        return await withSealedReading({ engine, effects, contract }, refineWith);
      });
      const { plannedAt } = plan;
      const document: ChunkResult = { format: RUN_FORMAT, plannedAt, ...result };
      await putDocument(effects.objects, chunkKey(dataset, runId, chunk), document);
      return { dataset, runId, chunk, records: recordsOf(result) };
    } finally {
      await scratch.dispose();
    }
  },
});

/** The chunk as planned; a worker that comes late, for a plan that was made anew since, writes nothing over what is there. */
function requireChunk({ dataset, runId, chunks }: Plan, chunk: string): PlannedChunk {
  const planned = chunks.find((one) => one.chunk === chunk);
  if (planned !== undefined) return planned;
  throw new ConflictError(
    'PLAN_CHANGED',
    `Chunk ${chunk} is not in the plan of run ${runId} of ${dataset}, which was made anew; planning again.`,
    { context: { dataset, runId, chunk } },
  );
}

const recordsOf = ({ files }: Pick<ChunkResult, 'files'>): number =>
  files.reduce((sum, { records }) => sum + records, 0);

/** What a migration that was broken off left of a chunk, under the very same plan: it needn't be read again. */
async function refinedBefore(
  { objects }: Effects,
  plan: Plan,
  chunk: string,
): Promise<ChunkResult | undefined> {
  if (plan.generation === undefined) return undefined;
  const key = chunkKey(plan.dataset, plan.runId, chunk);
  const stored = await objects.get(key);
  const result = stored === undefined ? undefined : parseDocument(stored.body, key, ChunkResult);
  return result?.format === RUN_FORMAT && result.plannedAt === plan.plannedAt ? result : undefined;
}
