import { z } from 'zod';
import { archiveOf, objectKeyOf } from '../naming/bronze.ts';
import { retryOf } from '../naming/decisions.ts';
import type { Effects } from '../ports.ts';
import { identifyArchive } from '../stages/archive-sources.ts';
import { getDocument } from '../stages/stored-documents.ts';
import type { LedgerFile } from './ledger-files.ts';
import type { Problem } from './problem.ts';

const RetryManifest = z.looseObject({ recordsDigest: z.string(), originsDigest: z.string() });

/** Checks that every source file of the ledger is there with the bytes that were read then. */
export async function auditSources(
  effects: Effects,
  dataset: string,
  files: readonly LedgerFile[],
  sizes: ReadonlyMap<string, number>,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  const members = files.filter(({ key }) => sizes.has(archiveOf(key) ?? ''));
  const inArchives = new Set(members.map(({ key }) => key));
  problems.push(...(await auditMembers(effects, members, sizes)));
  for (const { key, sourceFileId } of files) {
    if (inArchives.has(key)) continue;
    const retry = retryOf(dataset, key);
    const needed = retry === undefined ? [key] : [retry.manifest, retry.origins, retry.records];
    const missing = needed.filter((one) => !sizes.has(one));
    if (missing.length > 0) {
      problems.push(...missing.map((one) => missingSource(one)));
      continue;
    }
    if ((await effects.data.digest(retry?.manifest ?? key)) !== sourceFileId)
      problems.push(tampered(retry?.manifest ?? key));
    if (retry === undefined) continue;
    const manifest = await getDocument(effects.objects, retry.manifest, RetryManifest);
    if ((await effects.data.digest(retry.records)) !== manifest.recordsDigest)
      problems.push(tampered(retry.records));
    if ((await effects.data.digest(retry.origins)) !== manifest.originsDigest)
      problems.push(tampered(retry.origins));
  }
  return problems;
}

/** Checks the files of archives, each archive once. */
async function auditMembers(
  { data }: Effects,
  files: readonly LedgerFile[],
  sizes: ReadonlyMap<string, number>,
): Promise<Problem[]> {
  const found = new Map<string, string>();
  const limits = { maxUnpackedBytes: Number.MAX_SAFE_INTEGER };
  for (const archive of new Set(files.map(({ key }) => objectKeyOf(key)))) {
    const members = files.filter(({ key }) => objectKeyOf(key) === archive).map(({ key }) => key);
    const source = { key: archive, sizeBytes: sizes.get(archive) ?? 0, modifiedMs: 0, members };
    for (const one of await identifyArchive(data, source, limits)) found.set(one.key, one.sourceFileId);
  }
  return files
    .filter(({ key, sourceFileId }) => found.get(key) !== sourceFileId)
    .map(({ key }) => tampered(key));
}

function missingSource(key: string): Problem {
  return { code: 'SOURCE_MISSING', key, problem: 'the ledger has it, but it is not there' };
}

function tampered(key: string): Problem {
  return {
    code: 'SOURCE_TAMPERED',
    key,
    problem: 'its bytes are not those that were read: the digest differs',
  };
}
