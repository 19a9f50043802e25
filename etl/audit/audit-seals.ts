import { type Engine, integerOf, readParquet, textOf } from '../engine/engine.ts';
import { identitySumSql, isKnownIdentity } from '../engine/record-identity.ts';
import { literal } from '../engine/sql.ts';
import { messageOf } from '../errors.ts';
import { GAVE_WAY_SQL } from '../eventstore/gave-way.ts';
import { digestSuperseded } from '../eventstore/superseded.ts';
import { tableName } from '../naming/datasets.ts';
import { repeatsKey, sealKey, supersededKey } from '../naming/runs.ts';
import type { Effects } from '../ports.ts';
import { repeatRowsSql, repeatsDigestSql } from '../repeats/load-repeats.ts';
import { digestRejects } from '../sealing/digest-rejects.ts';
import { Seal } from '../stages/documents.ts';
import { digestSeal } from '../stages/seal-digest.ts';
import { getDocument } from '../stages/stored-documents.ts';
import type { LedgerFile } from './ledger-files.ts';
import type { Problem } from './problem.ts';

/**
 * Checks every run's seal in the ledger: its content matches its digest and the ledger, its sums hold, and the records in
 * Silver and among the rejects are still those that it sealed. Needs the views of Silver and the reject tables.
 */
export async function auditSeals(
  engine: Engine,
  effects: Effects,
  dataset: string,
  files: readonly LedgerFile[],
): Promise<{ problems: Problem[]; seals: number }> {
  const problems: Problem[] = [];
  const runs = new Map<string, LedgerFile[]>();
  for (const file of files) runs.set(file.runId, [...(runs.get(file.runId) ?? []), file]);
  const inSilver = await findInSilver(engine, dataset, [...runs.keys()]);
  for (const [runId, own] of runs) {
    const key = sealKey(dataset, own[0]?.contractVersion ?? '', runId);
    try {
      const seal = await getDocument(effects.objects, key, Seal);
      const found = [
        ...checkSeal(seal),
        ...checkLedger(seal, own),
        ...checkSilver(seal, inSilver),
        ...(await checkRejects(engine, seal)),
        ...(await checkRepeats(engine, effects, seal)),
        ...(await checkSuperseded(engine, effects, seal)),
      ];
      problems.push(...found.map((problem) => ({ ...problem, key })));
    } catch (error) {
      problems.push({ code: 'SEAL', key, problem: messageOf(error) });
    }
  }
  return { problems, seals: runs.size };
}

type Found = Omit<Problem, 'key'>;

function checkSeal(seal: Seal): Found[] {
  const problems: Found[] = [];
  const { digest, ...body } = seal;
  if (digestSeal(body) !== digest)
    problems.push({ code: 'SEAL', problem: 'it was changed: its digest is not that of what it says' });
  for (const { key, records, silver, quarantined, condemned, blank, ...rest } of seal.files) {
    const { footer = 0, repeats = 0, forgotten = 0 } = rest;
    if (records !== silver + quarantined + condemned + blank + footer + repeats + forgotten)
      problems.push({ code: 'CONSERVATION', problem: `${key}: its verdicts don't add up to its records` });
  }
  for (const { key, measure, met } of seal.controlTotals)
    if (!met)
      problems.push({ code: 'CONSERVATION', problem: `${key}: the control total of ${measure} isn't met` });
  return problems;
}

function checkLedger(seal: Seal, files: readonly LedgerFile[]): Found[] {
  const sealed = new Map(seal.files.map((file) => [file.key, file]));
  const differing = files.filter((file) => {
    const said = sealed.get(file.key);
    const names = [
      'sourceFileId',
      'status',
      'records',
      'silver',
      'quarantined',
      'condemned',
      'blank',
    ] as const;
    if (said === undefined || (said.footer ?? 0) !== file.footer) return true;
    if ((said.repeats ?? 0) !== file.repeats || (said.forgotten ?? 0) !== file.forgotten) return true;
    return names.some((name) => said[name] !== file[name]);
  });
  const problem = `the ledger says otherwise of ${differing[0]?.key}`;
  return differing.length > 0 || files.length !== sealed.size
    ? [{ code: 'SEAL', problem: differing.length > 0 ? problem : 'the ledger has other files of the run' }]
    : [];
}

/** Records of a file that lie in Silver as a run wrote them: how many, and what their identities add up to. */
interface InSilver {
  readonly records: number;
  readonly identity: string;
}

/** What of each run's files is in Silver, by run and source_file_id. */
async function findInSilver(
  engine: Engine,
  dataset: string,
  runIds: readonly string[],
): Promise<ReadonlyMap<string, InSilver>> {
  if (runIds.length === 0) return new Map();
  const rows = await engine.rows(
    `SELECT run_id, source_file_id, count(*) AS n, ${identitySumSql('source_row_number')} AS identity
     FROM ${tableName('silver', dataset)} WHERE run_id IN (${runIds.map(literal).join(', ')}) GROUP BY ALL`,
  );
  return new Map(
    rows.map((row) => [
      `${textOf(row, 'run_id')}/${textOf(row, 'source_file_id')}`,
      { records: integerOf(row, 'n'), identity: textOf(row, 'identity') },
    ]),
  );
}

/** As many records in Silver as were sealed are the very same; fewer may have given way since, and are looked for by their numbers elsewhere. */
function checkSilver(seal: Seal, inSilver: ReadonlyMap<string, InSilver>): Found[] {
  const version = seal.identityVersion ?? 0;
  if (!isKnownIdentity(version)) {
    const problem = `its identities are of version ${version}, which this release doesn't compute: audit it with the release that sealed it, or a later one`;
    return [{ code: 'SEAL', problem }];
  }
  return seal.files.flatMap(({ key, sourceFileId, silver, silverIdentity }): Found[] => {
    const found = inSilver.get(`${seal.runId}/${sourceFileId}`);
    if (silverIdentity === undefined || found === undefined || found.records !== silver) return [];
    if (found.identity === silverIdentity) return [];
    const problem = `${key}: its ${silver} records in Silver are not those that it was sealed over`;
    return [{ code: 'CONSERVATION', problem }];
  });
}

async function checkRejects(engine: Engine, seal: Seal): Promise<Found[]> {
  const { dataset, runId } = seal;
  const side = (layer: 'quarantine' | 'condemned', verdict: string): string =>
    `SELECT source_file_id, source_row_number, '${verdict}' AS verdict, reasons FROM ${tableName(layer, dataset)} WHERE run_id = ${literal(runId)} AND NOT ${GAVE_WAY_SQL}`;
  const from = `(${side('quarantine', 'quarantined')} UNION ALL ${side('condemned', 'condemned')})`;
  if ((await digestRejects(engine, from)) === seal.rejectsDigest) return [];
  const problem = 'the records in quarantine and condemned are not those that it was sealed over';
  return [{ code: 'REJECTS', problem }];
}

async function checkRepeats(engine: Engine, { data }: Effects, seal: Seal): Promise<Found[]> {
  if (seal.repeatsDigest === undefined) return [];
  const spans = readParquet([await data.localPath(repeatsKey(seal.dataset, seal.runId))]);
  const version = seal.identityVersion ?? 0;
  if (!isKnownIdentity(version)) return [];
  const [row = {}] = await engine.rows(repeatsDigestSql(`(${repeatRowsSql('true', spans)})`, version));
  if (row.digest === seal.repeatsDigest) return [];
  return [{ code: 'SEAL', problem: 'its repeats are not those that it was sealed over' }];
}

/** The rows of Silver that gave way in a run are still those that it was sealed over, and each has its verdict. */
async function checkSuperseded(engine: Engine, { data }: Effects, seal: Seal): Promise<Found[]> {
  if (seal.superseded === undefined) return [];
  const rows = readParquet([await data.localPath(supersededKey(seal.dataset, seal.runId))]);
  const { records, digest } = await digestSuperseded(engine, rows);
  if (records !== seal.superseded.records || digest !== seal.superseded.digest)
    return [{ code: 'SEAL', problem: 'the events that gave way are not those that it was sealed over' }];
  const [row = {}] = await engine.rows(
    `SELECT count(*) AS n FROM ${rows} AS s WHERE NOT EXISTS (SELECT 1 FROM ${tableName('condemned', seal.dataset)} AS c
       WHERE c.source_file_id = s.source_file_id AND c.source_row_number = s.source_row_number AND c.run_id = s.run_id AND ${GAVE_WAY_SQL})`,
  );
  const n = integerOf(row, 'n');
  return n === 0
    ? []
    : [{ code: 'REJECTS', problem: `${n} events that gave way have no verdict among the condemned records` }];
}
