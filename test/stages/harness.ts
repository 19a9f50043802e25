import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ingestFiles } from '../../adapters/local/ingest-files.ts';
import { initLake, type Lake, openLake } from '../../adapters/local/lake.ts';
import { createVault } from '../../adapters/local/vault/folder-vault.ts';
import { type VaultSettings, vaultPlace } from '../../adapters/local/vault/vault-place.ts';
import { BronzeIntake } from '../../etl/bronze.ts';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { loadContracts, requireSourceContract } from '../../etl/contract/load-contracts.ts';
import { bronzePrefix } from '../../etl/naming/bronze.ts';
import { runRecordKey, sealKey } from '../../etl/naming/runs.ts';
import type { Alert, Effects } from '../../etl/ports.ts';
import { isProtected, protectionOf } from '../../etl/privacy/protection.ts';
import { Seal } from '../../etl/stages/documents.ts';
import { bindStages } from '../../etl/stages/handlers.ts';
import { RunRecord } from '../../etl/stages/outcomes.ts';
import { getDocument } from '../../etl/stages/stored-documents.ts';
import { tempFolder } from '../adapters/temp-folder.ts';
import { type Row, readRows } from './read-rows.ts';
import { runStages } from './run-stages.ts';

/** Files by name, with what is in them. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** What a run did, and where it ended. */
export interface Ran {
  readonly status: RunRecord['status'];
  /** Absent where there was nothing to do. */
  readonly record: RunRecord | undefined;
  /** Absent where the run never came so far. */
  readonly seal: Seal | undefined;
}

/** A lake in a temporary folder whose stages are called directly, one after the other, at a time of the test's choosing. */
export interface TestLake {
  readonly lake: Lake;
  /** Dataset of the first contract. */
  readonly dataset: string;
  readonly alerts: Alert[];
  /** The time that the next stages see; each run moves it on by a minute. */
  setTime(iso: string): void;
  /** Puts files into Bronze, in the order given. */
  drop(files: Files, dataset?: string): Promise<void>;
  /** One run over what is pending. */
  run(dataset?: string): Promise<Ran>;
  /** The run that was asked for under an id: a backfill. */
  runAs(runId: string): Promise<Ran>;
  /** Drops files and runs. */
  dropAndRun(files: Files, dataset?: string): Promise<Ran>;
  /** Replaces the text of a contract. */
  setContract(text: string, file?: string): Promise<void>;
  /** Removes an object, such as an open breaker. */
  remove(key: string): Promise<void>;
  /** Rows that the dataset's pointer publishes in one of its tables, as hyparquet reads them. */
  rows(layer: 'silver' | 'quarantine' | 'condemned' | 'source_files', dataset?: string): Promise<Row[]>;
  /** Rows of a Gold table. */
  gold(table: string): Promise<Row[]>;
  dispose(): Promise<void>;
}

/** How a test lake is made. */
export interface TestLakeOptions {
  /** Contract texts; the first one's dataset is the default of every call. */
  readonly contracts: readonly string[];
  /** Gold SQL by name, e.g. `spend/monthly_totals.sql`. */
  readonly sql?: Readonly<Record<string, string>>;
  /** Code of projections by name, e.g. `shop/carts.ts`. */
  readonly projections?: Readonly<Record<string, string>>;
  readonly startAt?: string;
  readonly segmentBytes?: number;
  readonly chunkBytes?: number;
  /** From how many bytes on workers write Silver anew; never unless said. */
  readonly rewriteFromBytes?: number;
  /** Whether it has a vault of its own, or one that others have, too; where it has none, asking for keys throws. */
  readonly vault?: boolean | Required<Pick<VaultSettings, 'folder' | 'key'>>;
  /** Stores to count with, instead of the lake's own. */
  readonly wrap?: (effects: Effects) => Effects;
}

const START = '2024-06-01T06:00:00.000Z';

/** Makes an empty lake with contracts. */
export async function testLake(options: TestLakeOptions): Promise<TestLake> {
  const { folder, dispose } = await tempFolder();
  const [contractsDir, sqlDir] = [path.join(folder, 'contracts'), path.join(folder, 'sql')];
  await writeFiles(
    contractsDir,
    Object.fromEntries(options.contracts.map((text, n) => [`c${n}.yaml`, text])),
  );
  await writeFiles(sqlDir, options.sql ?? {});
  await writeFiles(path.join(folder, 'projections'), options.projections ?? {});
  let time = Date.parse(options.startAt ?? START);
  const clock = { now: () => new Date(time) };
  await initLake(path.join(folder, 'lake'), clock);
  const { segmentBytes, chunkBytes, rewriteFromBytes } = options;
  const own = { folder: path.join(folder, 'vault'), key: randomBytes(32).toString('hex') };
  const vault = typeof options.vault === 'object' ? options.vault : own;
  const lake = await openLake(path.join(folder, 'lake'), {
    contractsDir,
    sqlDir,
    clock,
    vault,
    threads: 2,
    ...(segmentBytes === undefined ? {} : { segmentBytes }),
    ...(chunkBytes === undefined ? {} : { chunkBytes }),
    ...(rewriteFromBytes === undefined ? {} : { rewriteFromBytes }),
  });
  if (options.vault !== undefined && options.vault !== false)
    await createVault(vaultPlace(lake.root, { objects: lake.effects.objects, clock }, vault));
  const alerts: Alert[] = [];
  const told = { ...lake.effects, alerts: { send: async (alert: Alert) => void alerts.push(alert) } };
  const effects = options.wrap?.(told) ?? told;
  const stages = bindStages(effects);
  const firstDataset = datasetOf(options.contracts[0] ?? '');
  let runs = 0;
  let drops = 0;

  async function drop(files: Files, dataset = firstDataset): Promise<void> {
    const incoming = path.join(folder, 'incoming', String(drops++));
    await writeFiles(incoming, files);
    const contract = requireSourceContract(await loadContracts(effects.contracts), dataset);
    if (isProtected(protectionOf(contract))) return await ingest(contract, incoming, Object.keys(files));
    const { duplicates } = contract;
    const date = clock.now().toISOString().slice(0, 10);
    const intake = new BronzeIntake(
      { dataset, date, clock, isReplacing: duplicates === 'replace' },
      {
        objects: await effects.objects.list(bronzePrefix(dataset)),
        digest: (key) => lake.data.digest(key),
      },
    );
    for (const [name, content] of Object.entries(files)) {
      await intake.add({
        name,
        sizeBytes: Buffer.byteLength(content),
        digest: async () => createHash('sha256').update(content).digest('hex'),
        copyTo: (key, arrivedMs) => lake.data.addFile(path.join(incoming, name), key, { arrivedMs }),
      });
    }
  }

  async function ingest(contract: SourceContract, folder: string, names: readonly string[]): Promise<void> {
    const found = names.map((name) => ({ file: path.join(folder, name), links: 'refuse' as const }));
    for await (const done of ingestFiles({ ...lake, effects }, contract, found))
      if (done.kind === 'failed') throw done.error;
  }

  const run = (dataset = firstDataset): Promise<Ran> =>
    runNamed(`run-${String(++runs).padStart(3, '0')}`, dataset);

  async function runNamed(runId: string, dataset: string): Promise<Ran> {
    const done = await runStages(stages, effects.objects, { dataset, runId });
    time += 60_000;
    if (done === 'nothing-to-do') return { status: done, record: undefined, seal: undefined };
    const record = await getDocument(effects.objects, runRecordKey(dataset, runId), RunRecord);
    const { version } = requireSourceContract(await loadContracts(effects.contracts), dataset);
    const sealed = (await effects.objects.get(sealKey(dataset, version, runId))) !== undefined;
    const seal = sealed
      ? await getDocument(effects.objects, sealKey(dataset, version, runId), Seal)
      : undefined;
    return { status: record.status, record, seal };
  }

  return {
    lake,
    dataset: firstDataset,
    alerts,
    drop,
    run,
    runAs: (runId) => runNamed(runId, firstDataset),
    setTime: (iso) => {
      time = Date.parse(iso);
    },
    dropAndRun: async (files, dataset) => {
      await drop(files, dataset);
      return run(dataset);
    },
    setContract: (text, file = 'c0.yaml') => writeFiles(contractsDir, { [file]: text }),
    remove: (key) => effects.objects.remove(key),
    rows: (layer, dataset = firstDataset) => readRows(effects.objects, { layer, dataset, root: lake.root }),
    gold: (table) => readRows(effects.objects, { layer: 'gold', dataset: table, root: lake.root }),
    dispose,
  };
}

async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), content);
  }
}

function datasetOf(contract: string): string {
  const field = (name: string): string => new RegExp(`^${name}: *(\\S+)`, 'm').exec(contract)?.[1] ?? '';
  return `${field('domain')}.${field('name')}`;
}
