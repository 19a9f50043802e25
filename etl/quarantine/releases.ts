import { join } from 'node:path';
import { readParquet, textOf, withEngine } from '../engine/engine.ts';
import { ConfigError } from '../errors.ts';
import { releaseKey, releaseRequestKey } from '../naming/decisions.ts';
import { keepDecision, type Word } from '../operations/decide-run.ts';
import type { Effects } from '../ports.ts';
import type { FailedRecord } from './records.ts';
import { decideOnce, readRequest, requireUndecided } from './release-requests.ts';
import { RELEASE_COLUMNS } from './retry-files.ts';
import { writeRows } from './write-rows.ts';

/** Asks for condemned records to be given another life; nothing changes until another person approves. Returns the request's id. */
export async function askRelease(
  effects: Effects,
  dataset: string,
  records: readonly FailedRecord[],
  { by, reason }: Word,
): Promise<string> {
  const details = { records: records.length };
  const decision = { kind: 'release-asked' as const, dataset, by, reason, runId: null, details };
  const id = await keepDecision(effects, decision);
  const rows = records.map(({ rowHash }) => ({ row_hash: rowHash }));
  await writeRows(effects, { key: releaseRequestKey(dataset, id), columns: { row_hash: 'VARCHAR' }, rows });
  return id;
}

/** What was released. */
export interface Released {
  readonly dataset: string;
  readonly request: string;
  readonly askedBy: string;
  readonly approvedBy: string;
  readonly records: readonly string[];
}

/**
 * Releases the records of a request: they are open again, with all their attempts. Throws ConfigError where there is no
 * such request (`NO_REQUEST`), it was decided already (`RELEASED`, `RELEASE_REFUSED`), or who approves is who asked
 * (`SAME_PERSON`).
 */
export async function approveRelease(
  effects: Effects,
  dataset: string,
  request: string,
  word: Word,
): Promise<Released> {
  const asked = await readRequest(effects, dataset, request);
  if (asked.by === word.by) {
    throw new ConfigError(
      'SAME_PERSON',
      `${word.by} asked for release ${request}: somebody else must approve it.`,
      { context: { dataset, request } },
    );
  }
  await requireUndecided(effects, dataset, request);
  const records = await readHashes(effects, releaseRequestKey(dataset, request));
  const details = { request, askedBy: asked.by, asked: asked.reason, records: records.length };
  const decision = { dataset, request, kind: 'released' as const, ...word, details };
  const { by: approvedBy } = await decideOnce(effects, decision);
  const released_at = effects.clock.now().toISOString();
  const row = { decision_id: request, asked_by: asked.by, approved_by: approvedBy, released_at };
  const rows = records.map((row_hash) => ({ ...row, row_hash }));
  await writeRows(effects, { key: releaseKey(dataset, request), columns: RELEASE_COLUMNS, rows });
  return { dataset, request, askedBy: asked.by, approvedBy, records };
}

/** What was not released. */
export interface ReleaseRefused {
  readonly dataset: string;
  readonly request: string;
  readonly askedBy: string;
  readonly refusedBy: string;
}

/**
 * Refuses a request, or takes one's own back: its records stay condemned. Throws ConfigError where there is no such
 * request (`NO_REQUEST`), or it was decided already (`RELEASED`, `RELEASE_REFUSED`).
 */
export async function refuseRelease(
  effects: Effects,
  dataset: string,
  request: string,
  word: Word,
): Promise<ReleaseRefused> {
  const asked = await readRequest(effects, dataset, request);
  await requireUndecided(effects, dataset, request);
  const details = { request, askedBy: asked.by, asked: asked.reason, records: asked.details.records };
  await decideOnce(effects, { dataset, request, kind: 'release-refused', ...word, details });
  return { dataset, request, askedBy: asked.by, refusedBy: word.by };
}

async function readHashes(effects: Effects, key: string): Promise<string[]> {
  const scratch = await effects.openScratch('release');
  try {
    const path = await effects.data.localPath(key);
    const rows = await withEngine(effects.engine, join(scratch.directory, 'spill'), (engine) =>
      engine.rows(`SELECT row_hash FROM ${readParquet([path])} ORDER BY row_hash`),
    );
    return rows.map((row) => textOf(row, 'row_hash'));
  } finally {
    await scratch.dispose();
  }
}
