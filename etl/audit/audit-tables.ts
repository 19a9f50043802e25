import { messageOf } from '../errors.ts';
import type { Effects } from '../ports.ts';
import { generationOf, tablesOfAll } from '../table/generations.ts';
import { type LakeTable, openTable } from '../table/lake-table.ts';
import { isLive } from '../table/manifest.ts';
import { entriesOf, manifestsOf } from '../table/manifest-reader.ts';
import { currentSnapshot, type Snapshot } from '../table/metadata.ts';
import type { Pointer, TableState } from '../table/pointer.ts';
import type { Problem } from './problem.ts';

/** What the tables of a pointer name, and what is wrong with it. */
export interface TablesAudit {
  readonly problems: Problem[];
  readonly snapshots: number;
  /** Every object that some snapshot or the pointer names. */
  readonly named: Set<string>;
  /** Those of them that are missing or can't be read. */
  readonly damaged: Set<string>;
}

/**
 * Checks a pointer's tables down to their files: that metadata and pointer agree, and that each file that any snapshot
 * names is there with the size it was written with. `sizes` are the stored objects under the tables' roots.
 */
export async function auditTables(
  effects: Effects,
  pointer: Pointer,
  sizes: ReadonlyMap<string, number>,
): Promise<TablesAudit> {
  const audit: TablesAudit = { problems: [], snapshots: 0, named: new Set(), damaged: new Set() };
  let snapshots = 0;
  for (const { generation, layer, state } of tablesOfAll(pointer)) {
    const table = await openNamed(effects, state, audit);
    if (table === undefined) continue;
    if (generation === generationOf(pointer)) checkPointer(pointer, layer, state, table, audit);
    for (const { 'metadata-file': uri } of table.metadata['metadata-log'])
      audit.named.add(table.reader.keyOf(uri));
    for (const snapshot of table.metadata.snapshots) {
      snapshots++;
      await auditSnapshot(table, snapshot, sizes, audit);
    }
  }
  return { ...audit, snapshots };
}

async function openNamed(
  effects: Effects,
  state: TableState,
  audit: TablesAudit,
): Promise<LakeTable | undefined> {
  audit.named.add(state.metadata_key);
  try {
    return await openTable(effects.objects, state);
  } catch (error) {
    audit.problems.push({ code: 'METADATA', key: state.metadata_key, problem: messageOf(error) });
    return undefined;
  }
}

function checkPointer(
  pointer: Pointer,
  layer: string,
  state: TableState,
  { metadata }: LakeTable,
  { problems }: TablesAudit,
): void {
  const current = currentSnapshot(metadata)?.['snapshot-id'];
  if (current !== state.snapshot_id) {
    const problem = `the pointer names snapshot ${state.snapshot_id}, but its metadata says ${current}`;
    problems.push({ code: 'POINTER', key: state.metadata_key, problem });
  }
  const isMain = layer === 'silver' || layer === 'gold' || layer === 'projection';
  if (isMain && pointer.snapshot_id !== state.snapshot_id) {
    const problem = `the pointer's own snapshot ${pointer.snapshot_id} isn't its table's, ${state.snapshot_id}`;
    problems.push({ code: 'POINTER', key: state.metadata_key, problem });
  }
  if (isMain && pointer.metadata_location !== state.metadata_location) {
    const problem = "the pointer's own metadata location isn't its table's";
    problems.push({ code: 'POINTER', key: state.metadata_key, problem });
  }
}

async function auditSnapshot(
  table: LakeTable,
  snapshot: Snapshot,
  sizes: ReadonlyMap<string, number>,
  audit: TablesAudit,
): Promise<void> {
  const list = table.reader.keyOf(snapshot['manifest-list']);
  const isNew = !audit.named.has(list);
  audit.named.add(list);
  if (!isNew) return;
  try {
    for (const manifest of await manifestsOf(snapshot, table.reader)) {
      const key = table.reader.keyOf(manifest.manifest_path);
      if (audit.named.has(key)) continue;
      checkFile(key, manifest.manifest_length, sizes, audit);
      // What a snapshot removed it still lists, but doesn't need.
      for (const { data_file } of (await entriesOf(manifest, table.reader)).filter(isLive))
        checkFile(table.reader.keyOf(data_file.file_path), data_file.file_size_in_bytes, sizes, audit);
    }
  } catch (error) {
    audit.problems.push({ code: 'METADATA', key: list, problem: messageOf(error) });
  }
}

function checkFile(
  key: string,
  expected: number,
  sizes: ReadonlyMap<string, number>,
  { problems, named, damaged }: TablesAudit,
): void {
  if (named.has(key)) return;
  named.add(key);
  const size = sizes.get(key);
  if (size === expected) return;
  damaged.add(key);
  problems.push(
    size === undefined
      ? { code: 'MISSING_FILE', key, problem: 'a snapshot names it, but it is not there' }
      : { code: 'TAMPERED_FILE', key, problem: `it was written with ${expected} bytes and has ${size}` },
  );
}
