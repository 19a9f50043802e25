import { join } from 'node:path';
import type { SourceContract } from '../contract/contract.ts';
import { isByRecord, knowsRepeats } from '../contract/record-key.ts';
import { type Engine, readParquet, withEngine } from '../engine/engine.ts';
import { chunkKey, commitPlanKey, partOfRest, retryOf, runFolder, sealKey } from '../naming.ts';
import type { Effects, Scratch } from '../ports.ts';
import { forgetReleased, inheritFailures } from '../quarantine/attempts.ts';
import { loadReplaced } from '../quarantine/current-rejects.ts';
import { loadPriorFailures } from '../refining/prior-failures.ts';
import { createRejects } from '../refining/rejects.ts';
import { keepRepeats } from '../repeats/keep-repeats.ts';
import { type Absorbed, writeAbsorbing } from '../sealing/absorb.ts';
import { loadArrivalOrder } from '../sealing/arrival-order.ts';
import { type CarryInput, carryOver, condemnedByPersonsSql, retriedSince } from '../sealing/carry-over.ts';
import { emptyFind, identitiesOf, proveFile, readBack, takeTotalRows } from '../sealing/conservation.ts';
import { EXCLUDED_SQL, findExclusions, supersededSql } from '../sealing/exclusions.ts';
import { mergeParts } from '../sealing/merge-parts.ts';
import { loadOrigins } from '../sealing/record-origins.ts';
import { recoverExcluded } from '../sealing/recover-records.ts';
import { countSpanLines, countUnread } from '../sealing/rejects-extent.ts';
import { rewriteWithout } from '../sealing/rewrite.ts';
import { sealedFile, sumCounts } from '../sealing/sealed-file.ts';
import { findSecondHeaders } from '../sealing/second-headers.ts';
import {
  countFirstFailures,
  countReasonCodes,
  digestRejects,
  FIRST_FAILURE_SQL,
  giveVerdicts,
  verdictSelect,
} from '../sealing/verdicts.ts';
import { countReasons, countRecords } from '../telemetry.ts';
import { boundedColumns } from './bounded-columns.ts';
import { type DatasetTable, type DatasetTables, openDatasetTables } from './dataset-tables.ts';
import { type DialectGroup, dialectsOf } from './dialects.ts';
import {
  ChunkResult,
  type CommitPlan,
  type ControlTotal,
  Counts,
  type Plan,
  putDocument,
  replacedFiles,
  Seal,
  type SealedFile,
} from './documents.ts';
import { filesToRead } from './files-to-read.ts';
import { ledgerSelect } from './ledger.ts';
import { loadRun, type RunContext } from './run-context.ts';
import { getRunDocument, inFormat, RUN_FORMAT } from './run-documents.ts';
import { digestSeal } from './seal-digest.ts';
import { silverTarget } from './silver-target.ts';
import { defineStage, RunInput } from './stage.ts';
import { withoutFooters } from './without-footers.ts';

const SealOutput = RunInput.extend({ digest: Seal.shape.digest, counts: Counts });

/**
 * Adds up a run: resolves duplicates across chunks and against the base, counts attempts, writes quarantine,
 * condemned and ledger files, proves conservation by reading back what was written, and leaves the seal
 * (`_SUCCESS`) and the plan of the commit. Nothing is visible to readers yet; a repeat writes the same again.
 */
export const seal = defineStage({
  name: 'seal',
  input: RunInput,
  output: SealOutput,
  run: async ({ dataset, runId }, effects) => {
    const context = await loadRun(effects, dataset, runId);
    const scratch = await effects.openScratch(`seal-${runId}`);
    try {
      const sealed = await withEngine(effects.engine, join(scratch.directory, 'spill'), (engine) =>
        sealRun({ effects, engine, scratch, context }),
      );
      await putDocument(effects.objects, commitPlanKey(dataset, runId), {
        format: RUN_FORMAT,
        sealDigest: sealed.seal.digest,
        ...sealed.commit,
      });
      await putDocument(effects.objects, sealKey(dataset, context.contract.version, runId), sealed.seal);
      for (const [boundary, count] of Object.entries(sealed.seal.counts))
        countRecords(dataset, boundary, count);
      countReasons(dataset, sealed.seal.reasons);
      return { dataset, runId, digest: sealed.seal.digest, counts: sealed.seal.counts };
    } finally {
      await scratch.dispose();
    }
  },
});

/** What sealing works with. */
interface Sealing {
  readonly effects: Effects;
  readonly engine: Engine;
  readonly scratch: Scratch;
  readonly context: RunContext;
}

async function sealRun(sealing: Sealing): Promise<{ seal: Seal; commit: CommitPlan }> {
  const { effects, engine, context } = sealing;
  const { plan, contract } = context;
  const read = await Promise.all(
    plan.chunks.map(async ({ chunk }) => {
      const key = chunkKey(plan.dataset, plan.runId, chunk);
      return inFormat(await getRunDocument(effects.objects, key, ChunkResult), key);
    }),
  );
  const tables = openDatasetTables(effects, contract, context.base);
  const refined = mergeParts(read.flatMap((chunk) => chunk.files));
  await loadRejects(sealing, read);
  const dialects = await dialectsOf(effects.objects, contract, plan);
  const readings = new Map(dialects.flatMap((one) => one.files.map((file) => [file, one.contract] as const)));
  const dialectOf = (file: Plan['files'][number]): SourceContract => readings.get(file) ?? contract;
  const target = await silverTarget(sealing, tables);
  const chunks = await withoutFooters({ effects, engine, plan, target, dialects, refined, chunks: read });
  const carry = carryInput(sealing, chunks);
  const hasPrior = carry === undefined ? await findPrior(sealing, tables, chunks) : true;
  if (carry !== undefined) await carryOver(carry);
  const lastRows = new Map(
    plan.files.flatMap((file) => {
      const found = refined.get(file.index);
      return found === undefined ? [] : [[file.sourceFileId, found.lastContentRow] as const];
    }),
  );
  const totalRows = new Map<string, { declared: string; identity: string }>();
  for (const { contract: reading, files: own } of dialects) {
    const ids = new Set(own.map(({ sourceFileId }) => sourceFileId));
    const rows = new Map([...lastRows].filter(([id]) => ids.has(id)));
    for (const [id, total] of await takeTotalRows(engine, reading, rows)) totalRows.set(id, total);
  }
  const retried = carry === undefined ? undefined : await retriedSince(carry);
  const silver = await resolveSilver(sealing, { tables, chunks, dialects, hasPrior, retried });
  if (carry === undefined) await inheritFailures(engine, effects, plan);
  await giveVerdicts(engine, contract);
  const secondHeaders = await secondHeadersOf(engine, dialects);
  const found = await readBack({ engine, data: effects.data, contract, silverFiles: silver.files });
  const identities = await identitiesOf(
    engine,
    [...refined.values()].map(({ records }) => records),
  );
  const files: SealedFile[] = [];
  const controlTotals: ControlTotal[] = [];
  const unproven: { key: string; problem: string }[] = [];
  for (const file of plan.files) {
    const inFile = found.get(file.sourceFileId);
    const totalRow = totalRows.get(file.sourceFileId);
    const result = refined.get(file.index);
    files.push({
      ...sealedFile(file, result, file.repeatOf === undefined ? inFile : undefined, totalRow !== undefined),
      ...(retryOf(plan.dataset, file.key) === undefined || result?.outcome !== 'read'
        ? {}
        : { note: 'records from quarantine, tested once more' }),
    });
    if (result?.outcome !== 'read') continue;
    const identity = identities.get(result.records) ?? '';
    const proof = { key: file.key, refined: result, identity, found: inFile ?? emptyFind(), totalRow };
    const proven = proveFile(dialectOf(file), proof);
    controlTotals.push(...proven.controlTotals);
    const problems = [...proven.problems, ...(secondHeaders.get(file.sourceFileId) ?? [])];
    unproven.push(...problems.map((problem) => ({ key: file.key, problem })));
  }
  const commit = await writeRest(sealing, tables, files, silver);
  const keys = new Map(plan.files.map(({ sourceFileId, key }) => [sourceFileId, key]));
  const unread = await countUnread(engine, contract, (id) => keys.get(id) ?? id);
  const isAgain = knowsRepeats(contract);
  const spanLines = await countSpanLines(engine, isAgain ? FIRST_FAILURE_SQL : undefined);
  const { dataset, runId } = plan;
  const repeatsDigest = await keepRepeats({ ...sealing, dataset, runId });
  const body = {
    format: 1 as const,
    dataset: plan.dataset,
    runId: plan.runId,
    contractVersion: plan.contractVersion,
    contractDigest: plan.contractDigest,
    baseVersion: plan.baseVersion,
    sealedAt: effects.clock.now().toISOString(),
    counts: sumCounts(files),
    reasons: await countReasonCodes(engine),
    files,
    controlTotals,
    ...(unread.length === 0 ? {} : { unread }),
    ...(spanLines === undefined ? {} : { spanLines }),
    rejectsDigest: await digestRejects(engine),
    ...(repeatsDigest === undefined ? {} : { repeatsDigest }),
    ...(isAgain ? { first: await countFirstFailures(engine) } : {}),
    unproven,
  };
  return { seal: { ...body, digest: digestSeal(body) }, commit };
}

async function loadRejects(
  { effects, engine, context }: Sealing,
  chunks: readonly ChunkResult[],
): Promise<void> {
  await createRejects(engine, context.contract);
  const keys = chunks.flatMap(({ rejectsKey }) => (rejectsKey === undefined ? [] : [rejectsKey]));
  if (keys.length === 0) return;
  const paths = await Promise.all(keys.map((key) => effects.data.localPath(key)));
  await engine.run(`INSERT INTO rejects BY NAME SELECT * FROM ${readParquet(paths)}`);
}

/** SELECT of the row_hash of every record of the run that may have failed before: rejects, and what refine found so. */
async function comingAgain({ effects }: Sealing, chunks: readonly ChunkResult[]): Promise<string> {
  const files = chunks.flatMap((chunk) => [...chunk.dataFiles, ...chunk.suspectFiles]);
  const failed = files.filter(({ columns }) => columns.attempt_count?.max !== '0');
  const paths = await Promise.all(failed.map(({ key }) => effects.data.localPath(key)));
  const passed =
    paths.length === 0 ? '' : ` UNION ALL SELECT row_hash FROM ${readParquet(paths)} WHERE attempt_count > 0`;
  return `SELECT row_hash FROM rejects${passed}`;
}

/** What failed before, and was not released since, among what comes again. */
async function findPrior(
  sealing: Sealing,
  tables: DatasetTables,
  chunks: readonly ChunkResult[],
): Promise<boolean> {
  const { effects, engine, context } = sealing;
  const { plan, base } = context;
  const hasPrior = await loadPriorFailures(
    engine,
    { tables, replaced: replacedFiles(plan), carriedRun: base?.generation_run },
    await comingAgain(sealing, chunks),
  );
  await forgetReleased(engine, effects, { plan, tables, base });
  return hasPrior;
}

/** What a migration carries over from the generation that readers see; undefined for every other run. */
function carryInput(sealing: Sealing, chunks: readonly ChunkResult[]): CarryInput | undefined {
  const { effects, engine, scratch, context } = sealing;
  const { plan, contract, published } = context;
  if (plan.generation === undefined || published === undefined) return undefined;
  const tables = openDatasetTables(effects, contract, published);
  const files = chunks.flatMap((chunk) => [...chunk.dataFiles, ...chunk.suspectFiles]);
  return { engine, effects, scratch, plan, tables, published, files };
}

/** What Silver's new files are resolved with. */
interface Resolving {
  readonly tables: DatasetTables;
  readonly chunks: readonly ChunkResult[];
  readonly dialects: readonly DialectGroup[];
  readonly hasPrior: boolean;
  readonly retried: string | undefined;
}

interface ResolvedSilver {
  readonly files: CommitPlan['silver'];
  readonly added: CommitPlan['silver'];
  readonly removed: string[];
}

/** Takes out of Silver's new files what may not go there, and out of the base what new records replace. */
async function resolveSilver(
  sealing: Sealing,
  { tables, chunks, dialects, hasPrior, retried }: Resolving,
): Promise<ResolvedSilver> {
  const { effects, engine, scratch, context } = sealing;
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
  const counts = await findExclusions({
    engine,
    data,
    contract,
    files,
    suspectFiles,
    isOneChunk: chunks.length === 1,
    baseFiles: published,
    standing,
    order: await loadArrivalOrder({ engine, data, contract, plan, tables }),
    hasPrior,
    retriedSince: retried,
    table: target.table,
  });
  let mine = files;
  if (counts.excluded > 0) {
    const keys = chunks.flatMap((chunk) => (chunk.suspectsKey === undefined ? [] : [chunk.suspectsKey]));
    const suspectPaths = await Promise.all(keys.map((key) => data.localPath(key)));
    const sourceFileIds = new Map(plan.files.map((file) => [file.index, file.sourceFileId]));
    const all = [...(await filesToRead(effects.objects, plan)).values()].flat();
    for (const [n, { contract: reading, files: own }] of dialects.entries()) {
      const indexes = new Set(own.map(({ index }) => index));
      await recoverExcluded({
        ...{ engine, data, scratch, contract: reading, digestKey: effects.digestKey(), sourceFileIds },
        suspectPaths: n === 0 ? suspectPaths : [],
        files: all.filter(({ index }) => indexes.has(index)),
      });
    }
  }
  if (counts.excluded + counts.repeats > 0)
    mine = (
      await rewriteWithout(EXCLUDED_SQL, files, { ...target, partPrefix: partOfRest('unique', plan.rest) })
    ).files;
  const gone = [
    ...(replaced.length === 0 ? [] : [REPLACED_SQL]),
    ...(counts.superseded === 0 ? [] : [supersededSql(contract)]),
  ];
  const base =
    gone.length === 0
      ? { files: published }
      : await rewriteWithout(`(${gone.join(' OR ')})`, published, {
          ...target,
          partPrefix: partOfRest('kept', plan.rest),
        });
  const before = new Set(published.map((file) => file.key));
  const after = new Set(base.files.map((file) => file.key));
  const added = [...mine, ...base.files.filter((file) => !before.has(file.key))];
  return { files: mine, added, removed: [...before].filter((key) => !after.has(key)) };
}

/** The condition under which a row (`old`) of the base is of a file that is read again. */
const REPLACED_SQL = 'old.source_file_id IN (SELECT id$ FROM replaced)';

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

/** Writes the run's quarantine, condemned and ledger files. */
async function writeRest(
  sealing: Sealing,
  tables: DatasetTables,
  files: readonly SealedFile[],
  silver: ResolvedSilver,
): Promise<CommitPlan> {
  const { effects, engine, scratch, context } = sealing;
  const { plan, contract } = context;
  const write = async (layer: DatasetTable, select: string): Promise<Absorbed> =>
    writeAbsorbing(select, await tables.files(layer), {
      ...{ engine, data: effects.data, scratch },
      table: await tables.table(layer),
      root: runFolder((await tables.table(layer)).root, contract.version, plan.runId),
      part: partOfRest('0000', plan.rest),
      bounded: boundedColumns(contract, layer),
    });
  const quarantine = await write('quarantine', verdictSelect('quarantined', plan));
  const condemnedRows = verdictSelect('condemned', plan);
  const condemned = await write(
    'condemned',
    plan.generation === undefined
      ? condemnedRows
      : `SELECT * FROM (${condemnedRows}) UNION ALL (${condemnedByPersonsSql()})`,
  );
  const ledger = await write('source_files', ledgerSelect(plan, files));
  return {
    silver: silver.added,
    removeFromSilver: silver.removed,
    quarantine: quarantine.added,
    condemned: condemned.added,
    ledger: ledger.added,
    absorbed: {
      quarantine: quarantine.absorbed,
      condemned: condemned.absorbed,
      ledger: ledger.absorbed,
    },
  };
}
