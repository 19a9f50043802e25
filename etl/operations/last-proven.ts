import { provenClosings } from '../closing/proven-closings.ts';
import type { Contract } from '../contract/contract.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import { madeOf } from '../contract/made-of.ts';
import type { Layer } from '../naming/datasets.ts';
import { decisionsPrefix } from '../naming/decisions.ts';
import { runRecordKey } from '../naming/runs.ts';
import { metadataFolder, tableRoot } from '../naming/tables.ts';
import type { Effects } from '../ports.ts';
import { readLetGoNote } from '../quarantine/letting-go/let-go-note.ts';
import { type DatasetState, statesOf } from '../stages/dataset-history.ts';
import { TABLES_OF } from '../stages/dataset-tables.ts';
import { Decision, RunRecord } from '../stages/outcomes.ts';
import { parseDocument } from '../stages/stored-documents.ts';
import { followedBy } from '../table/generations.ts';
import { openTable, rootOf } from '../table/lake-table.ts';
import { currentSnapshot, parseMetadata, type TableMetadata } from '../table/metadata.ts';
import { metadataVersion } from '../table/metadata-file.ts';
import { type Generation, type Pointer, readPointer, type TableState } from '../table/pointer.ts';

/** A metadata file that can be read. */
interface Found {
  readonly key: string;
  readonly metadata: TableMetadata;
}

/**
 * The last state of a dataset or Gold table that was surely published, as a pointer; undefined where there is none.
 * Metadata is written before the pointer moves, so its existence proves nothing. But its base had been published, and
 * for the newest, a run's record, a decision or a Gold table proves it. Gold is right even if unpublished, since it was
 * computed from published data.
 */
export async function lastProven(effects: Effects, contract: Contract): Promise<Pointer | undefined> {
  return contract.layer === 'silver'
    ? await lastOfDataset(effects, contract.dataset)
    : await lastMade(effects, contract);
}

/** The newest generation of a Gold table or projection that has metadata: what it holds was computed from what was published. */
async function lastMade(effects: Effects, contract: Contract): Promise<Pointer | undefined> {
  const { dataset, layer: main } = contract;
  let last: Pointer | undefined;
  for (let generation = 1; ; generation++) {
    const [newest] = await metadataOf(effects, { layer: main, dataset, generation });
    if (newest === undefined) break;
    const tables: Record<string, TableState> = { [main]: stateOf(newest) };
    for (const layer of TABLES_OF[main]) {
      const [own] = await metadataOf(effects, { layer, dataset, generation });
      if (own !== undefined) tables[layer] = stateOf(own);
    }
    const pointer = madePointer(newest, contract, tables);
    const from = new Date(newest.metadata.snapshots[0]?.['timestamp-ms'] ?? 0).toISOString();
    last = last === undefined ? pointer : { ...pointer, ...followedBy(last, { generation, at: from }) };
  }
  if (last === undefined) return undefined;
  const closings = await provenClosings(effects, contract.dataset);
  return { ...last, ...(closings.length === 0 ? {} : { closings }) };
}

/**
 * The last proven state of a dataset's generations, one after the other as decisions say that readers came to see them: by
 * migrations, and by going back to a snapshot of another one.
 */
async function lastOfDataset(effects: Effects, dataset: string): Promise<Pointer | undefined> {
  let last = await lastOfGeneration(effects, { dataset, generation: 1 });
  let current = 1;
  for (const decision of await decisionsOn(effects, dataset)) {
    const generation = await generationAfter(effects, dataset, decision);
    if (generation === undefined || generation === current) continue;
    const next = await lastOfGeneration(effects, { dataset, generation });
    last = next === undefined ? undefined : afterwards(last, next, { ...decision, generation });
    current = generation;
  }
  return last === undefined ? undefined : await withLetGo(effects, last);
}

const REJECTS: readonly Layer[] = ['quarantine', 'condemned'];

/**
 * The pointer with the reject tables of earlier generations as records were let go of them since: their own ledgers say nothing
 * of that, but the current one's commits name each letting go that a table's note tells of.
 */
async function withLetGo(effects: Effects, pointer: Pointer): Promise<Pointer> {
  const { generations, tables } = pointer;
  if (generations === undefined || tables.source_files === undefined) return pointer;
  const ledger = await openTable(effects.objects, tables.source_files);
  const commits = new Set(ledger.metadata.snapshots.map(({ summary }) => summary?.['assay.run-id']));
  const followed: Generation[] = [];
  for (const one of generations) {
    const since: Record<string, TableState> = {};
    for (const layer of REJECTS) {
      const state = one.tables[layer];
      const found =
        state && (await letGoSince(effects, state, { layer, pointer, generation: one.generation, commits }));
      if (found !== undefined) since[layer] = found;
    }
    followed.push({ ...one, tables: { ...one.tables, ...since } });
  }
  return { ...pointer, generations: followed };
}

interface RejectsOf {
  readonly layer: Layer;
  readonly pointer: Pointer;
  readonly generation: number;
  readonly commits: ReadonlySet<string | undefined>;
}

/** Where a reject table stands since records were let go of it; undefined where none were. */
async function letGoSince(
  effects: Effects,
  { metadata_key: known }: TableState,
  { layer, pointer: { dataset }, generation, commits }: RejectsOf,
): Promise<TableState | undefined> {
  const newer = (await metadataOf(effects, { layer, dataset, generation })).find(
    ({ key, metadata }) =>
      metadataVersion(key) > metadataVersion(known) &&
      commits.has(readLetGoNote(metadata)?.last.id ?? 'none'),
  );
  return newer === undefined ? undefined : stateOf(newer);
}

/** The generation that readers see after a decision; undefined where it is none about that. */
async function generationAfter(
  effects: Effects,
  dataset: string,
  { kind, details }: Decision,
): Promise<number | undefined> {
  if (kind === 'migrated') return Number(details.generation);
  return kind === 'rolled-back' ? await generationWith(effects, dataset, details.to) : undefined;
}

/** The pointer of a generation that was replaced; an expired one's is no longer known. */
function afterwards(
  last: Pointer | undefined,
  next: Pointer,
  { kind, at, runId, generation }: Decision & { readonly generation: number },
): Pointer {
  const run = kind === 'migrated' ? (runId ?? undefined) : generationRunOf(last, generation);
  if (last === undefined)
    return {
      ...next,
      generation,
      generation_from: at,
      ...(run === undefined ? {} : { generation_run: run }),
    };
  const named = { generation, at, ...(run === undefined ? {} : { runId: run }) };
  return { ...next, ...followedBy(last, named), version: Math.max(next.version, last.version + 1) };
}

const generationRunOf = (pointer: Pointer | undefined, generation: number): string | undefined =>
  pointer?.generations?.findLast((one) => one.generation === generation)?.generation_run;

/** The generation whose Silver has a snapshot; undefined where none has it any more. */
async function generationWith(effects: Effects, dataset: string, id: unknown): Promise<number | undefined> {
  for (let generation = 1; ; generation++) {
    const [newest] = await metadataOf(effects, { layer: 'silver', dataset, generation });
    if (newest === undefined) return undefined;
    if (newest.metadata.snapshots.some((one) => one['snapshot-id'] === id)) return generation;
  }
}

/** One of a dataset's generations of tables. */
interface InGeneration {
  readonly dataset: string;
  readonly generation: number;
}

async function lastOfGeneration(effects: Effects, of: InGeneration): Promise<Pointer | undefined> {
  const found = await metadataOf(effects, { layer: 'source_files', ...of });
  const bases = new Set(
    found.flatMap(({ metadata }) => metadata['metadata-log'].at(-1)?.['metadata-file'] ?? []),
  );
  for (const { key, metadata } of found) {
    const state = currentState(metadata);
    if (state === undefined) continue;
    const isBase = [...bases].some((uri) => uri.endsWith(key.slice(key.lastIndexOf('/'))));
    if (!isBase && !(await isRecorded(effects, state, metadata))) continue;
    const pointer = await pointerTo(effects, state, { ledger: { key, metadata }, generation: of.generation });
    if (pointer !== undefined) return pointer;
  }
  return undefined;
}

/** A table's metadata files that can be read, the last commit's first. */
async function metadataOf(
  { objects }: Effects,
  { layer, dataset, generation }: InGeneration & { readonly layer: Layer },
): Promise<Found[]> {
  const found: Found[] = [];
  for (const { key } of await objects.list(`${metadataFolder(tableRoot(layer, dataset, generation))}/`)) {
    const stored = key.endsWith('.metadata.json') ? await objects.get(key) : undefined;
    try {
      if (stored !== undefined) found.push({ key, metadata: parseMetadata(stored.body) });
    } catch {
      // What is damaged is no state to go back to.
    }
  }
  return found.sort(
    (a, b) =>
      metadataVersion(b.key) - metadataVersion(a.key) ||
      b.metadata['last-updated-ms'] - a.metadata['last-updated-ms'],
  );
}

function currentState(metadata: TableMetadata): DatasetState | undefined {
  const current = currentSnapshot(metadata)?.['snapshot-id'];
  return statesOf(metadata).find(({ ledger_snapshot_id: id }) => id === current);
}

/** Whether records prove that a state was published: its run's, a decision's, or a Gold table made from it. */
async function isRecorded(effects: Effects, state: DatasetState, metadata: TableMetadata): Promise<boolean> {
  const { dataset, run_id, snapshot_id } = state;
  const current = currentSnapshot(metadata);
  const newest = Math.max(...metadata.snapshots.map((one) => one['sequence-number']));
  const isRollback = (current?.['sequence-number'] ?? 0) < newest;
  for (const { kind, at, details } of await decisionsOn(effects, dataset)) {
    const kinds = isRollback ? ['rolled-back'] : ['compacted', 'upgraded'];
    const isMeant = kinds.includes(kind) && details.to === snapshot_id;
    if (isMeant && Date.parse(at) >= metadata['last-updated-ms']) return true;
  }
  if (isRollback) return false;
  const key = runRecordKey(dataset, run_id);
  const stored = await effects.objects.get(key);
  if (stored !== undefined && parseDocument(stored.body, key, RunRecord).snapshotId === snapshot_id)
    return true;
  const { contracts } = await loadContracts(effects.contracts);
  for (const made of contracts.values()) {
    if (made.layer === 'silver' || !madeOf(made).includes(dataset)) continue;
    const read = await readPointer(effects.objects, made.layer, made.dataset).catch(() => undefined);
    if (read?.pointer.inputs?.[dataset] === snapshot_id) return true;
  }
  return false;
}

async function decisionsOn({ objects }: Effects, dataset: string): Promise<Decision[]> {
  const decisions: Decision[] = [];
  for (const { key } of await objects.list(decisionsPrefix(dataset))) {
    const stored = await objects.get(key);
    if (stored !== undefined) decisions.push(parseDocument(stored.body, key, Decision));
  }
  return decisions.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** A pointer to a state, where each of its tables still has metadata that stands there. */
async function pointerTo(
  effects: Effects,
  state: DatasetState,
  { ledger, generation }: { readonly ledger: Found; readonly generation: number },
): Promise<Pointer | undefined> {
  const { dataset, version, run_id, seal_digest, contract_version, contract_digest, committed_at } = state;
  const tables: Record<string, TableState> = {};
  for (const [layer, id] of Object.entries(state.tables)) {
    const listed = await metadataOf(effects, { layer: layer as Layer, dataset, generation });
    const standing = listed.find(({ metadata }) => currentSnapshot(metadata)?.['snapshot-id'] === id);
    if (standing === undefined) return undefined;
    tables[layer] = stateOf(standing);
  }
  tables.source_files = stateOf(ledger);
  const { silver } = tables;
  if (silver === undefined) return undefined;
  return {
    format: 1,
    ...{ dataset, version, run_id, seal_digest, contract_version, contract_digest, committed_at },
    execution: run_id,
    snapshot_id: silver.snapshot_id,
    metadata_location: silver.metadata_location,
    tables,
  };
}

function stateOf({ key, metadata }: Found): TableState {
  return {
    metadata_key: key,
    metadata_location: `${metadata.location}${key.slice(rootOf({ metadata_key: key }).length)}`,
    snapshot_id: currentSnapshot(metadata)?.['snapshot-id'] ?? 0,
  };
}

/**
 * What Gold or a projection says of itself; that its contract's digest is left empty has the next refresh make all of it
 * anew.
 */
function madePointer(
  { key, metadata }: Found,
  { dataset, version }: Contract,
  tables: Readonly<Record<string, TableState>>,
): Pointer {
  const made = stateOf({ key, metadata });
  const { summary = {}, 'timestamp-ms': ms = 0 } = currentSnapshot(metadata) ?? {};
  return {
    format: 1,
    dataset,
    version: metadataVersion(key) + 1,
    snapshot_id: made.snapshot_id,
    metadata_location: made.metadata_location,
    run_id: summary['assay.run-id'] ?? '',
    execution: summary['assay.run-id'] ?? '',
    seal_digest: '',
    contract_version: version,
    contract_digest: '',
    committed_at: new Date(ms).toISOString(),
    tables: { ...tables },
    inputs: JSON.parse(summary['assay.inputs'] ?? '{}') as Record<string, number>,
  };
}
