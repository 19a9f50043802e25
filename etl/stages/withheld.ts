import { ConflictError } from '../errors.ts';
import { heldKey } from '../naming/runs.ts';
import type { ObjectStore } from '../ports.ts';
import { Withheld } from './outcomes.ts';
import type { RunInput } from './stage.ts';
import { parseDocument, putDocument } from './stored-documents.ts';

/** A document about the files set aside with a run, and the tag that whoever changes it must name. */
export interface StoredWithheld {
  readonly withheld: Withheld;
  readonly etag: string;
}

/** What is set aside with a run now; undefined where nothing is. */
export async function readStoredWithheld(
  objects: ObjectStore,
  { dataset, runId }: RunInput,
): Promise<StoredWithheld | undefined> {
  const key = heldKey(dataset, runId);
  const stored = await objects.get(key);
  return stored === undefined
    ? undefined
    : { withheld: parseDocument(stored.body, key, Withheld), etag: stored.etag };
}

/** How often a document that others changed meanwhile is read and changed again. */
const TRIES = 8;

/**
 * Changes what is set aside with a run, and returns what was before. Removes the document when no file is left. Rereads
 * it after others' writes, so that none is lost.
 */
export async function changeWithheld(
  objects: ObjectStore,
  run: RunInput,
  change: (now: Withheld | undefined) => Withheld | undefined,
): Promise<Withheld | undefined> {
  const key = heldKey(run.dataset, run.runId);
  for (let tries = 1; ; tries++) {
    const before = await readStoredWithheld(objects, run);
    const after = change(before?.withheld);
    if (before === undefined) return undefined;
    try {
      if (after === undefined || after.keys.length === 0) await objects.remove(key);
      else await putDocument(objects, key, after, { ifMatch: before.etag });
      return before.withheld;
    } catch (error) {
      if (!(error instanceof ConflictError) || tries === TRIES) throw error;
    }
  }
}

/** The sets of files that a document sets aside: its own, then those refused while the run was held. */
export function partsOf(document: Withheld): Withheld[] {
  const { refused, ...main } = document;
  if (refused === undefined) return [document];
  return [main, { ...main, ...refused, decision: 'refused' }];
}

/** What was refused of a run, where it is published or was rolled back: for a document of what else became of it. */
export function refusedOf(document: Withheld | undefined): Pick<Withheld, 'refused'> {
  if (document?.decision !== 'refused')
    return document?.refused === undefined ? {} : { refused: document.refused };
  const { keys, why, at } = document;
  return { refused: { keys, why, at } };
}

/**
 * Sets aside only a run's refused files, once the rest of it is decided, but none in `published`. A repeat changes
 * nothing.
 */
export async function leaveRefused(
  objects: ObjectStore,
  run: RunInput,
  published: readonly string[] = [],
): Promise<void> {
  await changeWithheld(objects, run, (now) => {
    const refused = now === undefined ? undefined : partsOf(now).find(isRefused);
    return refused && { ...refused, keys: refused.keys.filter((key) => !published.includes(key)) };
  });
}

const isRefused = ({ decision }: Withheld): boolean => decision === 'refused';
