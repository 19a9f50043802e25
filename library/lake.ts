import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { ingestFiles } from '../adapters/local/ingest-files.ts';
import { initLake, type Lake, openLake as openLocalLake } from '../adapters/local/lake.ts';
import { runDataset, runOnce } from '../adapters/local/run-dataset.ts';
import { loadContracts, requireSourceContract } from '../etl/contract/load-contracts.ts';
import { withEngine } from '../etl/engine/engine.ts';
import { ConfigError } from '../etl/errors.ts';
import { runRecordKey, runsPrefix } from '../etl/naming/runs.ts';
import { readmitRun, readWithheld, refuseRun } from '../etl/operations/decide-run.ts';
import type { Alert } from '../etl/ports.ts';
import { parseAsOf } from '../etl/query/as-of.ts';
import { jsonValue } from '../etl/query/json-value.ts';
import { runQuery } from '../etl/query/run-query.ts';
import { checkApproval, requireHeld } from '../etl/stages/held-run.ts';
import { RunRecord } from '../etl/stages/outcomes.ts';
import { parseDocument } from '../etl/stages/stored-documents.ts';
import { usableContract } from '../etl/stages/usable-contract.ts';

/** How a lake is opened. */
export interface OpenOptions {
  /** Folder of the contracts; `contracts` in the working directory unless given. */
  readonly contracts?: string;
  /** Folder of Gold's SQL; `sql/gold` beside the contracts unless given. */
  readonly sql?: string;
  /** Folder of the projections' code; `projections` beside the contracts unless given. */
  readonly projections?: string;
  /** Makes the folder a lake where it is none. */
  readonly create?: boolean;
  /** What DuckDB may take; 600 MB unless given. */
  readonly memoryLimitMb?: number;
  /** DuckDB's threads; one a core unless given. */
  readonly threads?: number;
  /** Is told what a person should know. */
  readonly onAlert?: (alert: Alert) => void;
  /** Where programs are told of what was published, as $ASSAY_EVENTS_URL and $ASSAY_EVENTS_SECRET say it to the command. */
  readonly events?: { readonly url: string; readonly secret: string };
  /** Where the vault of protected datasets is and what opens it, as $ASSAY_VAULT and its relatives say it to the command; beside the lake unless given. */
  readonly vault?: { readonly folder?: string; readonly key?: string; readonly keyFile?: string };
}

/** One row of an answer: decimals, dates and integers past 2^53 are text, so that nothing is rounded. */
export type Row = Readonly<Record<string, unknown>>;

/** A file that was brought to Bronze. */
export interface Ingested {
  /** Where it was. */
  readonly file: string;
  /** Its key in the lake. */
  readonly key: string;
  /** SHA-256 of its bytes. */
  readonly digest: string;
  /** Whether the same bytes were there under that key already: nothing was copied then. */
  readonly existed: boolean;
}

/** Who decides, why, and about which run: all is kept with the decision. */
interface Word {
  readonly runId: string;
  readonly by: string;
  readonly reason: string;
}

/** To publish a held run. */
interface Approval extends Word {
  readonly kind: 'approve';
  /** The seal's digest, as the run's record says it: what is published is what was looked at. */
  readonly digest: string;
}

/** To set a held run aside, or to give back the files of one that was. */
interface OtherDecision extends Word {
  readonly kind: 'refuse' | 'readmit';
}

/** What a person decides about a run. */
export type Decision = Approval | OtherDecision;

/** A lake in a folder. */
export interface AssayLake {
  /** Absolute path of its folder. */
  readonly root: string;
  /** Copies files into a dataset's Bronze, in this order. Throws where the dataset has no sound contract, or at the first file that can't be copied. */
  ingest(dataset: string, files: readonly string[]): Promise<Ingested[]>;
  /** Tests what is pending of a dataset and publishes what passes, until nothing is pending; one record a run. */
  run(dataset: string): Promise<RunRecord[]>;
  /** Answers one query in DuckDB's SQL over `silver.*`, `gold.*`, `projection.*`, `quarantine.*`, `condemned.*`, `ops.*`; `asOf` is a snapshot id or a time. */
  query(sql: string, options?: { readonly asOf?: string }): Promise<Row[]>;
  /** Publishes, refuses or gives back a run; its record afterwards. */
  decide(decision: Decision): Promise<RunRecord>;
}

/** Opens a lake. Throws ConfigError `NOT_A_LAKE` where the folder is none and `create` isn't given. */
export async function openLake(folder: string, options: OpenOptions = {}): Promise<AssayLake> {
  const contractsDir = path.resolve(options.contracts ?? 'contracts');
  const sqlDir = path.resolve(options.sql ?? path.join(path.dirname(contractsDir), 'sql', 'gold'));
  const root = path.resolve(folder);
  if (options.create === true) {
    await mkdir(root, { recursive: true });
    await initLake(root);
  }
  const { memoryLimitMb, threads, onAlert, events, vault } = options;
  const lake = await openLocalLake(root, {
    contractsDir,
    sqlDir,
    ...(options.projections === undefined ? {} : { projectionsDir: path.resolve(options.projections) }),
    ...(memoryLimitMb === undefined ? {} : { memoryLimitMb }),
    ...(threads === undefined ? {} : { threads }),
    ...(onAlert === undefined ? {} : { alerts: { onAlert } }),
    ...(events === undefined ? {} : { events }),
    ...(vault === undefined ? {} : { vault }),
  });
  return {
    root,
    ingest: (dataset, files) => ingest(lake, dataset, files),
    run: async (dataset) => {
      await soundContract(lake, dataset);
      return await runDataset(dataset, lake.effects);
    },
    query: (sql, { asOf } = {}) => query(lake, sql, asOf),
    decide: (decision) => decide(lake, decision),
  };
}

const soundContract = async ({ effects }: Lake, dataset: string) =>
  await usableContract(effects, await loadContracts(effects.contracts), dataset);

async function ingest(lake: Lake, dataset: string, files: readonly string[]): Promise<Ingested[]> {
  const contract = await soundContract(lake, dataset);
  const found = files.map((file) => ({ file: path.resolve(file), links: 'refuse' as const }));
  const ingested: Ingested[] = [];
  for await (const done of ingestFiles(lake, contract, found)) {
    if (done.kind === 'failed') throw done.error;
    const { file, key, digest, existed } = done.source;
    ingested.push({ file, key, digest, existed });
  }
  return ingested;
}

async function query({ effects }: Lake, sql: string, asOf: string | undefined): Promise<Row[]> {
  const when = asOf === undefined ? ({ kind: 'now' } as const) : parseAsOf(asOf);
  const scratch = await effects.openScratch('query');
  try {
    return await withEngine(effects.engine, path.join(scratch.directory, 'spill'), async (engine) => {
      const answer = await runQuery(engine, effects, { sql, asOf: when });
      const rows = await answer.rows(0, answer.rowCount);
      return rows.map((row) =>
        Object.fromEntries(
          answer.columns.map((column, n) => [column.name, jsonValue(row[n] ?? null, column)]),
        ),
      );
    });
  } finally {
    await scratch.dispose();
  }
}

async function decide(lake: Lake, decision: Decision): Promise<RunRecord> {
  const { effects } = lake;
  const { runId, by, reason } = decision;
  const run = { runId, dataset: await datasetOf(lake, runId) };
  if (decision.kind === 'approve') {
    const { digest } = decision;
    const contract = requireSourceContract(await loadContracts(effects.contracts), run.dataset);
    checkApproval(requireHeld(run, await readWithheld(effects, run)), digest, contract);
    return await runOnce(run.dataset, effects, { runId, approved: { digest, by, reason } });
  }
  if (decision.kind === 'refuse') return await refuseRun(effects, run, { by, reason });
  await readmitRun(effects, run, { by, reason });
  return await recordOf(lake, run);
}

/** The dataset that a run is of. Throws ConfigError `NO_RUN` where there is no such run. */
async function datasetOf({ effects }: Lake, runId: string): Promise<string> {
  const keys = (await effects.objects.list(runsPrefix())).map(({ key }) => key);
  const found = keys.find((key) => key.endsWith(`/${runId}.json`));
  const stored = found === undefined ? undefined : await effects.objects.get(found);
  if (found === undefined || stored === undefined)
    throw new ConfigError('NO_RUN', `There is no run ${runId}: write its whole id.`, {
      context: { run: runId },
    });
  return parseDocument(stored.body, found, RunRecord).dataset;
}

async function recordOf(
  { effects }: Lake,
  run: { readonly dataset: string; readonly runId: string },
): Promise<RunRecord> {
  const key = runRecordKey(run.dataset, run.runId);
  const stored = await effects.objects.get(key);
  if (stored !== undefined) return parseDocument(stored.body, key, RunRecord);
  throw new ConfigError('NO_RUN', `Run ${run.runId} is gone.`, { context: { run: run.runId } });
}
