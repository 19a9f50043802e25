import { join } from 'node:path';
import { readParquet, textOf, withEngine } from '../engine/engine.ts';
import { ConfigError } from '../errors.ts';
import { decisionKey, releaseKey, releaseRequestKey } from '../naming/decisions.ts';
import { keepDecision, type Word } from '../operations/decide-run.ts';
import type { Effects } from '../ports.ts';
import { recordDecision } from '../stages/decisions.ts';
import { parseDocument } from '../stages/documents.ts';
import { Decision } from '../stages/outcomes.ts';
import type { FailedRecord } from './records.ts';
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
 * such request (`NO_REQUEST`), it was approved already (`RELEASED`), or who approves is who asked (`SAME_PERSON`).
 */
export async function approveRelease(
  effects: Effects,
  dataset: string,
  request: string,
  { by, reason }: Word,
): Promise<Released> {
  const asked = await readRequest(effects, dataset, request);
  if (asked.by === by) {
    throw new ConfigError(
      'SAME_PERSON',
      `${by} asked for release ${request}: somebody else must approve it.`,
      { context: { dataset, request } },
    );
  }
  const key = releaseKey(dataset, request);
  if ((await effects.objects.list(key)).length > 0)
    throw new ConfigError('RELEASED', `Release ${request} of ${dataset} was approved already.`);
  const records = await readHashes(effects, releaseRequestKey(dataset, request));
  const released = { decision_id: request, asked_by: asked.by, approved_by: by };
  const released_at = effects.clock.now().toISOString();
  const rows = records.map((row_hash) => ({ ...released, released_at, row_hash }));
  await writeRows(effects, { key, columns: RELEASE_COLUMNS, rows });
  const details = { request, askedBy: asked.by, asked: asked.reason, records: records.length };
  const decision = {
    id: `${request}-released`,
    kind: 'released' as const,
    dataset,
    by,
    reason,
    runId: null,
    details,
  };
  await recordDecision(effects, decision);
  return { dataset, request, askedBy: asked.by, approvedBy: by, records };
}

async function readRequest(effects: Effects, dataset: string, request: string): Promise<Decision> {
  const key = /^[\w-]+$/.test(request) ? decisionKey(dataset, request) : undefined;
  const stored = key === undefined ? undefined : await effects.objects.get(key);
  const decision = stored === undefined ? undefined : parseDocument(stored.body, key ?? '', Decision);
  if (decision?.kind === 'release-asked') return decision;
  throw new ConfigError(
    'NO_REQUEST',
    `There is no request ${request} to release records of ${dataset}: "SELECT * FROM ops.decisions WHERE kind = 'release-asked'" lists the requests.`,
    { context: { dataset, request } },
  );
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
