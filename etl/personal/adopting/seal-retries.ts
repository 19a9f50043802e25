import { join } from 'node:path';
import { z } from 'zod';
import type { SourceContract } from '../../contract/contract.ts';
import { openFile } from '../../csv/open-file.ts';
import type { Opened } from '../../csv/opened.ts';
import { readParquet, type SqlRow, withEngine } from '../../engine/engine.ts';
import { DataError } from '../../errors.ts';
import { type RetryKeys, retriesPrefix, retryKeys, retryOf } from '../../naming/decisions.ts';
import type { Effects } from '../../ports.ts';
import { fileRecords } from '../../privacy/file-records.ts';
import { grouped } from '../../privacy/grouped.ts';
import { planProtection } from '../../privacy/plan-protection.ts';
import { openRowProtector } from '../../privacy/protect-rows.ts';
import { isProtected, protectionOf } from '../../privacy/protection.ts';
import { secretScratch } from '../../privacy/secret-scratch.ts';
import { Sodium } from '../../privacy/sodium.ts';
import type { Vault } from '../../privacy/vault.ts';
import { ORIGIN_COLUMNS } from '../../quarantine/retry-files.ts';
import { csvLines } from '../../quarantine/retry-records.ts';
import { writeRows } from '../../quarantine/write-rows.ts';
import { inDialect } from '../../stages/dialects.ts';
import { keptContract } from '../../stages/kept-contracts.ts';
import type { AdoptedFile } from '../../stages/migration-documents.ts';
import { getDocument, putDocument } from '../../stages/stored-documents.ts';
import { proveRetry } from './prove-retry.ts';
import { namesOf, type TwinRecord } from './twin-records.ts';

const Manifest = z.looseObject({ contractDigest: z.string().optional(), records: z.number() });

/** What ends the id of a retry that was sealed. */
const SEALED = '-sealed';

/** The retries of a dataset that hold values in the clear. */
export async function clearRetries(
  { objects }: Pick<Effects, 'objects'>,
  dataset: string,
): Promise<RetryKeys[]> {
  const listed = new Set((await objects.list(retriesPrefix(dataset))).map(({ key }) => key));
  const found: RetryKeys[] = [];
  for (const key of listed) {
    const retry = retryOf(dataset, key);
    if (retry === undefined || !listed.has(retry.manifest)) continue;
    const { contractDigest } = await getDocument(objects, retry.manifest, Manifest);
    if (!(await wasProtected({ objects }, dataset, contractDigest))) found.push(retry);
  }
  return found;
}

async function wasProtected(
  { objects }: Pick<Effects, 'objects'>,
  dataset: string,
  digest: string | undefined,
): Promise<boolean> {
  const kept = digest === undefined ? undefined : await keptContract(objects, dataset, digest);
  return kept?.layer === 'silver' && isProtected(protectionOf(kept));
}

/** What retries are sealed with. */
export interface RetrySealing {
  readonly effects: Effects;
  readonly vault: Vault;
  readonly contract: SourceContract;
  /** What source files are called now, by the ids that they had. */
  readonly ids: ReadonlyMap<string, AdoptedFile>;
  /** The records of a source file as they came and as they are sealed, by the id that it had; undefined of none that was sealed. */
  readonly twins: (id: string) => AsyncIterable<TwinRecord> | undefined;
}

/**
 * Seals a retry: the same records in their order, their values as the vault seals them, from the same places in files as
 * they are called now. The hashes by which it names records are the vault's, for those of before are over clear values.
 */
export async function sealRetry(retry: RetryKeys, sealing: RetrySealing): Promise<AdoptedFile> {
  const { effects, contract } = sealing;
  const { dataset, digest, version } = contract;
  const id = /retry-([\w-]+)\.csv$/.exec(retry.records)?.[1] ?? '';
  const keys = retryKeys(dataset, `${id}${SEALED}`);
  const manifest = await getDocument(effects.objects, retry.manifest, Manifest);
  await writeSealed(retry, keys, manifest.contractDigest, sealing);
  const both = { clear: retry.records, sealed: keys.records, digest: manifest.contractDigest };
  const records = await proveRetry(both, sealing);
  if (records !== manifest.records)
    throw new DataError(
      'NOT_EQUAL',
      `${retry.records} has ${records} records, and its manifest says ${manifest.records}: 'assay audit ${dataset}' says more. Nothing was removed.`,
    );
  await writeOrigins(retry, keys, sealing);
  await putDocument(effects.objects, keys.manifest, {
    ...manifest,
    ...{ retryId: `${id}${SEALED}`, contractDigest: digest, contractVersion: version },
    recordsDigest: await effects.data.digest(keys.records),
    originsDigest: await effects.data.digest(keys.origins),
  });
  return {
    from: retry.records,
    fromId: await effects.data.digest(retry.manifest),
    to: keys.records,
    toId: await effects.data.digest(keys.manifest),
    sizeBytes: (await effects.objects.list(keys.records))[0]?.sizeBytes ?? 0,
    records,
  };
}

/** Records protected at once. */
const BATCH = 2000;

async function writeSealed(
  retry: RetryKeys,
  { records: to }: RetryKeys,
  digest: string | undefined,
  sealing: RetrySealing,
): Promise<void> {
  const { effects, contract } = sealing;
  const reading = await inDialect(effects.objects, contract, digest);
  const scratch = secretScratch(await effects.openScratch('adopt'));
  const out = await effects.openScratch('adopt-retry');
  try {
    const options = { contract: reading, data: effects.data, scratch };
    const opened = await openFile({ index: 0, key: retry.records }, options);
    if (opened.kind !== 'open')
      throw new DataError(
        'NOT_READABLE',
        `${retry.records} can't be read any more; 'assay audit' says more.`,
      );
    try {
      const rows = await sealedRows(opened, { retry, reading, sealing });
      const file = await out.create('records.csv');
      for (const line of csvLines(contract, rows)) await file.write(Buffer.from(line));
      await file.close();
      await effects.data.publish(file.path, to);
    } finally {
      await opened.window.close();
    }
  } finally {
    await scratch.dispose();
    await out.dispose();
  }
}

interface RetryReading {
  readonly retry: RetryKeys;
  readonly reading: SourceContract;
  readonly sealing: RetrySealing;
}

type Values = Record<string, string | null>;

/** The records of a retry, sealed: a value that its record came with as it is sealed there, any other for whom it names. */
async function sealedRows(
  opened: Opened,
  { retry, reading, sealing }: RetryReading,
): Promise<{ readonly values: Values }[]> {
  const { effects, vault } = sealing;
  const { plan } = planProtection(reading, protectionOf(reading), opened.layout);
  const arrived = new Date((await effects.data.identify(retry.manifest)).arrivedMs);
  const origins = await originRecords(retry, sealing);
  const names = namesOf(opened.layout, reading);
  const nameAt = new Map(names);
  const sodium = await Sodium.open();
  try {
    const protector = await openRowProtector({ plan, vault, sodium, arrived });
    const rows: { values: Values }[] = [];
    for await (const batch of batches(opened)) {
      const prepared = await protector.prepare(batch.map((one) => one.cells));
      for (const [n, { row, cells: clear, isAbsent }] of batch.entries()) {
        const origin = origins.get(row);
        const changed = new Map(prepared.changes(n));
        const isAsItCame = (place: number): boolean =>
          origin !== undefined && origin.clear[nameAt.get(place) ?? ''] === (clear[place] ?? '');
        const values = Object.fromEntries(
          names.map(([field, name]) => [
            name,
            isAbsent(field) || plan.dropped.includes(field)
              ? null
              : (changed.get(field) ?? clear[field] ?? ''),
          ]),
        );
        for (const { place, subject } of plan.cells) {
          const whose = plan.subjects[subject]?.place;
          if (isAbsent(place) || whose === undefined || !isAsItCame(place) || !isAsItCame(whose)) continue;
          const name = nameAt.get(place) ?? '';
          values[name] = origin?.sealed[name] ?? values[name] ?? null;
        }
        rows.push({ values });
      }
    }
    return rows;
  } finally {
    sodium.dispose();
  }
}

async function* batches(opened: Opened) {
  let batch = [];
  for await (const record of fileRecords(opened)) {
    batch.push(record);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** The records that a retry's came from, by their numbers in the retry; without those that can't be parsed. */
async function originRecords(
  { origins }: RetryKeys,
  sealing: RetrySealing,
): Promise<ReadonlyMap<number, TwinRecord>> {
  const rows = await parquetRows(sealing.effects, origins);
  const found = new Map<number, TwinRecord>();
  for (const [id, own] of grouped(rows, (row) => String(row.origin_file_id))) {
    const wanted = new Map(own.map((row) => [Number(row.origin_row_number), Number(row.source_row_number)]));
    const files = sealing.twins(id);
    if (files === undefined) continue;
    for await (const { row, clear, sealed } of files) {
      const number = wanted.get(row);
      if (number !== undefined) found.set(number, { row, clear, sealed });
    }
  }
  return found;
}

/** Where the records came from, by what files and records are called now. */
async function writeOrigins(
  { origins: from }: RetryKeys,
  { origins: to }: RetryKeys,
  { effects, vault, contract, ids }: RetrySealing,
): Promise<void> {
  const found = await parquetRows(effects, from);
  const names = await vault.fileNames(
    contract.dataset,
    found.map((row) => String(row.row_hash)),
  );
  const rows = found.map((row, n) => {
    const origin = ids.get(String(row.origin_file_id));
    const plain = Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'bigint' ? Number(value) : value,
    ]);
    return {
      ...(Object.fromEntries(plain) as Record<string, string | number | boolean | null>),
      row_hash: names[n] ?? '',
      ...(origin === undefined ? {} : { origin_file_id: origin.toId, origin_file: origin.to }),
    };
  });
  await writeRows(effects, { key: to, columns: ORIGIN_COLUMNS, rows });
}

async function parquetRows(effects: Effects, key: string): Promise<SqlRow[]> {
  const scratch = await effects.openScratch('adopt');
  try {
    const path = await effects.data.localPath(key);
    return await withEngine(effects.engine, join(scratch.directory, 'spill'), (engine) =>
      engine.rows(`SELECT * FROM ${readParquet([path])} ORDER BY source_row_number`),
    );
  } finally {
    await scratch.dispose();
  }
}
