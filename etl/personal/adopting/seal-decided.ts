import { join } from 'node:path';
import type { SourceContract } from '../../contract/contract.ts';
import { type Engine, readParquet, type SqlRow, textOf, withEngine } from '../../engine/engine.ts';
import {
  correctionsKey,
  correctionsPrefix,
  releaseRequestsPrefix,
  releasesPrefix,
} from '../../naming/decisions.ts';
import {
  adoptedCorrectionsKey,
  adoptedCorrectionsPrefix,
  migrationHashesKey,
} from '../../naming/generations.ts';
import type { Effects } from '../../ports.ts';
import { grouped } from '../../privacy/grouped.ts';
import { protectionOf, subjectOf } from '../../privacy/protection.ts';
import { type RecordValues, sealGiven } from '../../privacy/seal-record.ts';
import { Sodium } from '../../privacy/sodium.ts';
import type { Vault } from '../../privacy/vault.ts';
import { EVERY_STATE, type FailedRecord, findRecords, loadFailedRecords } from '../../quarantine/records.ts';
import { CORRECTION_COLUMNS, RELEASE_COLUMNS, retryTables } from '../../quarantine/retry-files.ts';
import { writeRows } from '../../quarantine/write-rows.ts';

type Row = Readonly<Record<string, string | number | boolean | null>>;

/** What decisions about records are sealed with. */
export interface DecidedSealing {
  readonly effects: Effects;
  readonly vault: Vault;
  readonly contract: SourceContract;
  readonly runId: string;
}

/**
 * Seals what people corrected, beside it: for whom the record names, and naming it by what the vault makes of its hash.
 * It takes the place of what is in the clear once the new tables are published. Needs the tables that readers see until then.
 */
export async function stageCorrections(sealing: DecidedSealing): Promise<void> {
  const { effects, contract, runId } = sealing;
  const { dataset } = contract;
  if ((await effects.objects.list(correctionsPrefix(dataset))).length === 0) return;
  const { records, corrections } = await inEngine(effects, async (engine) => {
    await loadFailedRecords(engine, effects, dataset);
    return {
      records: await findRecords(engine, { ids: [] }, { states: EVERY_STATE }),
      corrections: await engine.rows(
        `SELECT * REPLACE (strftime(decided_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ') AS decided_at) FROM ${retryTables(dataset).corrections} ORDER BY decision_id, source_file, source_row_number, field`,
      ),
    };
  });
  const byHash = new Map(records.map((record) => [record.rowHash, record]));
  const byDecision = grouped(corrections, (row) => textOf(row, 'decision_id'));
  for (const [id, rows] of byDecision) {
    const byRecord = grouped(rows, (row) => textOf(row, 'row_hash'));
    const sealed: Row[] = [];
    for (const [hash, own] of byRecord) sealed.push(...(await sealRecord(own, byHash.get(hash), sealing)));
    const key = adoptedCorrectionsKey(dataset, runId, id);
    await writeRows(effects, { key, columns: CORRECTION_COLUMNS, rows: sealed });
  }
}

/** One decision's corrections of one record, sealed. */
async function sealRecord(
  rows: readonly SqlRow[],
  record: FailedRecord | undefined,
  { vault, contract }: DecidedSealing,
): Promise<Row[]> {
  const [first = {}] = rows;
  const clear: RecordValues = record?.record ?? {};
  const sodium = await Sodium.open();
  try {
    const sealing = { contract, vault, sodium, now: new Date(textOf(first, 'decided_at')) };
    const textIn = (row: SqlRow, name: string): string | null =>
      typeof row[name] === 'string' ? row[name] : null;
    const given = Object.fromEntries(rows.map((row) => [textOf(row, 'field'), textIn(row, 'new_value')]));
    const before = Object.fromEntries(rows.map((row) => [textOf(row, 'field'), textIn(row, 'old_value')]));
    const then = { ...clear, ...before };
    const now = await sealGiven({ ...ofOthers(given, then, contract), ...given }, then, sealing);
    const was = await sealGiven(
      Object.fromEntries(Object.keys(now).map((name) => [name, then[name] ?? null])),
      then,
      sealing,
    );
    const [rowHash = ''] = await vault.fileNames(contract.dataset, [textOf(first, 'row_hash')]);
    return Object.entries(now).map(([field, value]) => ({
      ...(first as Row),
      ...{ row_hash: rowHash, field, old_value: was[field] ?? null, new_value: value },
      source_row_number: Number(first.source_row_number),
    }));
  } finally {
    sodium.dispose();
  }
}

/** Where somebody else is named, the values of the record that are theirs now. */
function ofOthers(given: RecordValues, then: RecordValues, contract: SourceContract): RecordValues {
  const protection = protectionOf(contract);
  const theirs = [...protection.columns.keys()].flatMap((name) => {
    const [whose, value] = [subjectOf(protection, name)?.column, then[name] ?? null];
    return whose !== undefined && whose in given && value !== null ? [[name, value] as const] : [];
  });
  return Object.fromEntries(theirs);
}

/** Puts what was staged in the place of corrections in the clear. A repeat goes on where a dead process stopped. */
export async function placeCorrections({ effects, contract, runId }: DecidedSealing): Promise<void> {
  const { dataset } = contract;
  const prefix = adoptedCorrectionsPrefix(dataset, runId);
  for (const { key } of await effects.objects.list(prefix)) {
    const id = key.slice(prefix.length, -'.parquet'.length);
    const rows = await inEngine(effects, async (engine) =>
      engine.rows(
        `SELECT * REPLACE (strftime(decided_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ') AS decided_at, CAST(source_row_number AS INTEGER) AS source_row_number) FROM ${readParquet([await effects.data.localPath(key)])}`,
      ),
    );
    await writeRows(effects, {
      key: correctionsKey(dataset, id),
      columns: CORRECTION_COLUMNS,
      rows: rows as Row[],
    });
    await effects.objects.remove(key);
  }
}

/** Names the records of releases, asked for and approved, by what the vault makes of their hashes. */
export async function renameReleases({ effects, vault, contract }: DecidedSealing): Promise<void> {
  const { dataset } = contract;
  const kinds = [
    { prefix: releasesPrefix(dataset), columns: RELEASE_COLUMNS },
    { prefix: releaseRequestsPrefix(dataset), columns: { row_hash: 'VARCHAR' } },
  ];
  for (const { prefix, columns } of kinds)
    for (const { key } of await effects.objects.list(prefix)) {
      const released = 'released_at' in columns;
      const rows = await inEngine(effects, async (engine) =>
        engine.rows(
          `SELECT *${released ? " REPLACE (strftime(released_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ') AS released_at)" : ''} FROM ${readParquet([await effects.data.localPath(key)])}`,
        ),
      );
      const plain = rows.map((row) => textOf(row, 'row_hash'));
      if (!plain.some((hash) => HASH.test(hash))) continue;
      const names = await vault.fileNames(dataset, plain);
      await writeRows(effects, {
        ...{ key, columns },
        rows: rows.map((row, n) => ({
          ...(row as Row),
          row_hash: HASH.test(plain[n] ?? '') ? (names[n] ?? '') : (plain[n] ?? ''),
        })),
      });
    }
}

/** A digest over clear values. */
const HASH = /^[0-9a-f]{64}$/;

/** Leaves of a migration's hashes only those that nobody can make without the vault. */
export async function forgetHashes({ effects, contract, runId }: DecidedSealing): Promise<void> {
  const key = migrationHashesKey(contract.dataset, runId);
  const scratch = await effects.openScratch('adopt');
  try {
    const path = join(scratch.directory, 'hashes.parquet');
    const from = await effects.data.localPath(key);
    await withEngine(effects.engine, join(scratch.directory, 'spill'), (engine) =>
      engine.run(
        `COPY (SELECT * FROM ${readParquet([from])} WHERE NOT regexp_full_match(old_hash, '[0-9a-f]{64}') ORDER BY ALL) TO '${path.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd)`,
      ),
    );
    await effects.data.publish(path, key);
  } finally {
    await scratch.dispose();
  }
}

async function inEngine<T>(effects: Effects, work: (engine: Engine) => Promise<T>): Promise<T> {
  const scratch = await effects.openScratch('adopt');
  try {
    return await withEngine(effects.engine, join(scratch.directory, 'spill'), work);
  } finally {
    await scratch.dispose();
  }
}
