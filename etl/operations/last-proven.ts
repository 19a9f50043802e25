import { provenClosings } from '../closing/proven-closings.ts';
import type { Contract } from '../contract/contract.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import {
  decisionsPrefix,
  type Layer,
  metadataFolder,
  metadataPrefix,
  runRecordKey,
  tableRoot,
} from '../naming.ts';
import type { Effects } from '../ports.ts';
import { type DatasetState, statesOf } from '../stages/dataset-history.ts';
import { parseDocument } from '../stages/documents.ts';
import { Decision, RunRecord } from '../stages/outcomes.ts';
import { rootOf } from '../table/lake-table.ts';
import { currentSnapshot, parseMetadata, type TableMetadata } from '../table/metadata.ts';
import { metadataVersion } from '../table/metadata-file.ts';
import { type Pointer, readPointer, type TableState } from '../table/pointer.ts';

/** A metadata file that can be read. */
interface Found {
  readonly key: string;
  readonly metadata: TableMetadata;
}

/**
 * The last state of a dataset or Gold table that is proven to have been published, as a pointer to it; undefined where
 * none is. Metadata is written before a pointer moves to it, so that its being there proves nothing: but what it was built
 * on had been published, and of the newest one a run's record, a decision or a Gold table says so. Gold that was not yet
 * published is as right as if it were, since it was computed from what was.
 */
export async function lastProven(effects: Effects, contract: Contract): Promise<Pointer | undefined> {
  const { dataset } = contract;
  const layer = contract.layer === 'gold' ? 'gold' : 'source_files';
  // Which generation readers saw, and when, stands in pointers alone: the first one's metadata would be a step back.
  const next = await effects.objects.list(`${metadataFolder(tableRoot(layer, dataset, 2))}/`);
  if (next.length > 0) return undefined;
  const found = await metadataOf(effects, layer, dataset);
  if (contract.layer === 'gold') {
    if (found[0] === undefined) return undefined;
    const closings = await provenClosings(effects, contract.dataset);
    return { ...goldPointer(found[0], contract), ...(closings.length === 0 ? {} : { closings }) };
  }
  const bases = new Set(
    found.flatMap(({ metadata }) => metadata['metadata-log'].at(-1)?.['metadata-file'] ?? []),
  );
  for (const { key, metadata } of found) {
    const state = currentState(metadata);
    if (state === undefined) continue;
    const isBase = [...bases].some((uri) => uri.endsWith(key.slice(key.lastIndexOf('/'))));
    if (!isBase && !(await isRecorded(effects, state, metadata))) continue;
    const pointer = await pointerTo(effects, state, { key, metadata });
    if (pointer !== undefined) return pointer;
  }
  return undefined;
}

/** A table's metadata files that can be read, the last commit's first. */
async function metadataOf({ objects }: Effects, layer: Layer, dataset: string): Promise<Found[]> {
  const found: Found[] = [];
  for (const { key } of await objects.list(`${metadataPrefix(layer, dataset)}/`)) {
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

/** Whether records say that a state was published: its run's, a decision that made it, or Gold that was made from it. */
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
  for (const gold of contracts.values()) {
    if (gold.layer !== 'gold' || !gold.inputs.includes(dataset)) continue;
    const read = await readPointer(effects.objects, 'gold', gold.dataset).catch(() => undefined);
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
  return decisions;
}

/** A pointer to a state, where each of its tables still has metadata that stands there. */
async function pointerTo(effects: Effects, state: DatasetState, ledger: Found): Promise<Pointer | undefined> {
  const { dataset, version, run_id, seal_digest, contract_version, contract_digest, committed_at } = state;
  const tables: Record<string, TableState> = {};
  for (const [layer, id] of Object.entries(state.tables)) {
    const standing = (await metadataOf(effects, layer as Layer, dataset)).find(
      ({ metadata }) => currentSnapshot(metadata)?.['snapshot-id'] === id,
    );
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

/** What Gold says of itself; that its contract's digest is left empty has the next refresh make all of it anew. */
function goldPointer({ key, metadata }: Found, { dataset, version }: Contract): Pointer {
  const gold = stateOf({ key, metadata });
  const { summary = {}, 'timestamp-ms': ms = 0 } = currentSnapshot(metadata) ?? {};
  return {
    format: 1,
    dataset,
    version: metadataVersion(key) + 1,
    snapshot_id: gold.snapshot_id,
    metadata_location: gold.metadata_location,
    run_id: summary['assay.run-id'] ?? '',
    execution: summary['assay.run-id'] ?? '',
    seal_digest: '',
    contract_version: version,
    contract_digest: '',
    committed_at: new Date(ms).toISOString(),
    tables: { gold },
    inputs: JSON.parse(summary['assay.inputs'] ?? '{}') as Record<string, number>,
  };
}
