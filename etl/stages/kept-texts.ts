import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ConflictError, DataError } from '../errors.ts';
import {
  contractTextKey,
  goldSqlKey,
  keptTextsKey,
  keptTextsPrefix,
  projectionCodeKey,
} from '../naming/generations.ts';
import type { ObjectStore } from '../ports.ts';
import { codeDigest } from '../projecting/code-digest.ts';
import { parseDocument } from './stored-documents.ts';

/** A published contract by the digest that pointers and ledgers name. */
export interface KeptName {
  readonly dataset: string;
  readonly digest: string;
}

/** The texts that are kept under such a digest. */
export const KEPT_TEXTS = {
  contract: contractTextKey,
  sql: goldSqlKey,
  code: projectionCodeKey,
} as const;
export type KeptText = keyof typeof KEPT_TEXTS;

const Hex = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * What is known of kept texts, whatever release reads them: releases may digest a contract differently. `meaning` is the
 * contract's own digest, which the name's digest was made of together with SQL or code.
 */
const KeptTexts = z.object({
  format: z.literal(1),
  meaning: Hex,
  /** SHA-256 of the stored bytes. */
  contract: Hex,
  sql: Hex.optional(),
  code: Hex.optional(),
});
type KeptTexts = z.infer<typeof KeptTexts>;

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/** Whether it is known what the texts under a digest are. */
export const areNoted = async (objects: ObjectStore, { dataset, digest }: KeptName): Promise<boolean> =>
  (await objects.get(keptTextsKey(dataset, digest))) !== undefined;

/** Notes what the texts are that are stored under a digest; leaves an earlier note as it is. */
export async function noteTexts(objects: ObjectStore, name: KeptName, meaning: string): Promise<void> {
  const { dataset, digest } = name;
  const sums: Partial<Record<KeptText, string>> = {};
  for (const text of Object.keys(KEPT_TEXTS) as KeptText[]) {
    const stored = await objects.get(KEPT_TEXTS[text](dataset, digest));
    if (stored !== undefined) sums[text] = sha256(stored.body);
  }
  const note = KeptTexts.parse({ format: 1, meaning, ...sums });
  try {
    const body = Buffer.from(`${JSON.stringify(note)}\n`);
    await objects.put(keptTextsKey(dataset, digest), body, { ifNoneMatch: '*' });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}

/**
 * A text that is kept under a digest; undefined where none is. Throws DataError `KEPT_TEXT_CHANGED` where it is another one
 * than was stored. Texts of earlier releases, of which nothing was noted, are taken as they are.
 */
export async function keptText(
  objects: ObjectStore,
  { dataset, digest }: KeptName,
  text: KeptText,
): Promise<string | undefined> {
  const key = KEPT_TEXTS[text](dataset, digest);
  const stored = await objects.get(key);
  if (stored === undefined) return undefined;
  const noted = await readNote(objects, { dataset, digest });
  const why = noted === undefined ? undefined : whatChanged(stored.body, { noted, digest, text });
  if (why === undefined) return Buffer.from(stored.body).toString('utf8');
  throw textChanged({ dataset, digest }, text, why);
}

/** The error about a text that isn't the one that was stored. */
export function textChanged({ dataset, digest }: KeptName, text: KeptText, why: string): DataError {
  const key = KEPT_TEXTS[text](dataset, digest);
  return new DataError(
    'KEPT_TEXT_CHANGED',
    `${key} ${why}: it says what ${dataset} was when it was published under it, and nothing is read by it as it is. Restore it from a backup of the lake; 'assay audit ${dataset}' looks at all of them.`,
    { context: { dataset, digest, key } },
  );
}

/** Why a stored text isn't the one that was stored under the digest; undefined where it is. */
function whatChanged(
  stored: Uint8Array,
  { noted, digest, text }: { readonly noted: KeptTexts; readonly digest: string; readonly text: KeptText },
): string | undefined {
  if (noted[text] !== sha256(stored)) return 'is not the text that was stored';
  // Whoever changes code and note alike can't find a note that the digest is made of.
  if (text !== 'code') return undefined;
  const { text: code } = Code.parse(JSON.parse(Buffer.from(stored).toString('utf8')));
  return codeDigest(noted.meaning, code) === digest ? undefined : OTHER_CODE;
}

/** Why code that nothing, or something else, was noted of isn't the one that was stored. */
export const OTHER_CODE = 'is not the code that its name is the digest of';

const Code = z.object({ text: z.string() });

async function readNote(objects: ObjectStore, { dataset, digest }: KeptName): Promise<KeptTexts | undefined> {
  const key = keptTextsKey(dataset, digest);
  const stored = await objects.get(key);
  return stored === undefined ? undefined : parseDocument(stored.body, key, KeptTexts);
}

/**
 * What is wrong with the texts that are kept of a dataset, by their keys: those that are others than were stored, and those
 * that are gone.
 */
export async function changedTexts(
  objects: ObjectStore,
  dataset: string,
): Promise<readonly { readonly key: string; readonly why: string }[]> {
  const prefix = keptTextsPrefix(dataset);
  const names = (await objects.list(prefix)).map(({ key }) => key.slice(prefix.length));
  const found: { readonly key: string; readonly why: string }[] = [];
  for (const digest of names.flatMap((name) => /^([0-9a-f]{64})\.kept\.json$/.exec(name)?.[1] ?? [])) {
    const noted = await readNote(objects, { dataset, digest });
    for (const text of Object.keys(KEPT_TEXTS) as KeptText[]) {
      const key = KEPT_TEXTS[text](dataset, digest);
      const stored = noted?.[text] === undefined ? undefined : await objects.get(key);
      if (noted?.[text] === undefined) continue;
      const why = stored === undefined ? 'is gone' : whatChanged(stored.body, { noted, digest, text });
      if (why !== undefined) found.push({ key, why });
    }
  }
  return found;
}
