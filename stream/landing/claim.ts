import { z } from 'zod';
import { ConflictError, TransientError } from '../../etl/errors.ts';
import {
  claimedStart,
  claimKey,
  claimsPrefix,
  landedKey,
  type StreamPlace,
} from '../../etl/naming/streams.ts';
import type { ObjectStore } from '../../etl/ports.ts';
import { parseDocument, putDocument } from '../../etl/stages/stored-documents.ts';

/** Offsets of events that stand behind one another: `start` up to, not including, `end`. */
const Run = z.object({ start: z.int(), end: z.int() });

const ClaimedFile = z.object({
  /** Absent where no contract takes the events. */
  dataset: z.string().exactOptional(),
  key: z.string(),
  /** Offsets of the events in it, in their order. */
  runs: z.array(Run),
});
export type ClaimedFile = z.infer<typeof ClaimedFile>;

const Claim = z.object({
  format: z.literal(1),
  /** The link of the chain: the offsets from `start` up to, not including, `end`. */
  start: z.int(),
  end: z.int(),
  files: z.array(ClaimedFile),
  /** Of all its lines, so that other events in the place of these are known; keyed where values are protected. */
  digest: z.string(),
  /** A short digest of each line, in order of offset, keyed as well. Absent where an offset may hold another event later. */
  lines: z.array(z.string()).exactOptional(),
});

/** Says which events of a partition land together, and in which files. Whoever comes later lands them so, too. */
export type Claim = z.infer<typeof Claim>;

/** The place that a claim is about. */
export interface ClaimedPlace extends StreamPlace {
  readonly topic: string;
}

/** Keeps a claim; returns it, or the one of the same start that is there already. */
export async function makeClaim(
  objects: ObjectStore,
  place: StreamPlace,
  claim: Claim,
): Promise<{ readonly claim: Claim; readonly isMine: boolean }> {
  const key = claimKey(place, claim.start);
  try {
    await putDocument(objects, key, claim, { ifNoneMatch: '*' });
    return { claim, isMine: true };
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
  const there = await findClaim(objects, place, claim.start);
  if (there === undefined) throw refusedWrite(key);
  return { claim: there, isMine: false };
}

/** A store may refuse a write for another that is under way, and which may fail. */
export const refusedWrite = (key: string): TransientError =>
  new TransientError('WRITE_REFUSED', `${key} could not be written, and is not there: it is tried again.`, {
    context: { key },
  });

/** The claim that begins at an offset; undefined where there is none. */
export async function findClaim(
  objects: ObjectStore,
  place: StreamPlace,
  start: number,
): Promise<Claim | undefined> {
  const key = claimKey(place, start);
  const stored = await objects.get(key);
  return stored && parseDocument(stored.body, key, Claim);
}

/** Where the claims of a partition begin, in order, of those behind an offset. */
export async function claimedStarts(
  objects: ObjectStore,
  place: StreamPlace,
  after: number,
): Promise<readonly number[]> {
  const found = await objects.list(claimsPrefix(place), claimKey(place, Math.max(0, after)));
  const first = after < 0 ? await findClaim(objects, place, 0) : undefined;
  return [...(first === undefined ? [] : [0]), ...found.map(({ key }) => claimedStart(key))];
}

const LandedFile = z.object({
  format: z.literal(1),
  cluster: z.string(),
  topicId: z.string(),
  topic: z.string(),
  partition: z.int(),
  runs: z.array(Run),
});

/** Which events a landed file holds. */
export type LandedFile = z.infer<typeof LandedFile>;

/** Notes that a file is landed. A repeat finds the note there. */
export async function noteLanded(
  objects: ObjectStore,
  { cluster, topicId, topic, partition }: ClaimedPlace,
  { key, runs }: ClaimedFile,
): Promise<void> {
  const note: LandedFile = { format: 1, cluster, topicId, topic, partition, runs };
  try {
    await putDocument(objects, landedKey(key), note, { ifNoneMatch: '*' });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}

/** The events of a landed file, by its key; undefined for a file that came from no topic, or isn't landed yet. */
export async function landedFile(
  objects: Pick<ObjectStore, 'get'>,
  key: string,
): Promise<LandedFile | undefined> {
  const noteKey = landedKey(key);
  const stored = await objects.get(noteKey);
  return stored && parseDocument(stored.body, noteKey, LandedFile);
}

/** The offset of a landed file's record, counted from 1; undefined where it has no such record. */
export function offsetOfRecord({ runs }: Pick<LandedFile, 'runs'>, record: number): number | undefined {
  let before = 0;
  for (const { start, end } of runs) {
    if (record <= before + end - start) return start + record - before - 1;
    before += end - start;
  }
  return undefined;
}

/** The short digests that a claim has of its lines, by offset; undefined where it has none. */
export function lineDigests({ files, lines }: Claim): ReadonlyMap<number, string> | undefined {
  if (lines === undefined) return undefined;
  const offsets = files
    .flatMap(({ runs }) => runs)
    .flatMap(({ start, end }) => Array.from({ length: end - start }, (_, n) => start + n))
    .sort((a, b) => a - b);
  return new Map(offsets.map((offset, n) => [offset, lines[n] ?? '']));
}

/** Offsets in ascending order as runs. */
export function runsOf(offsets: readonly number[]): { start: number; end: number }[] {
  const runs: { start: number; end: number }[] = [];
  for (const offset of offsets) {
    const last = runs.at(-1);
    if (last?.end === offset) last.end = offset + 1;
    else runs.push({ start: offset, end: offset + 1 });
  }
  return runs;
}
