import { z } from 'zod';
import { ConflictError } from '../errors.ts';
import { atMost, inFlight } from '../in-flight.ts';
import { readsKey, readsPrefix } from '../naming/reads.ts';
import type { ObjectStore } from '../ports.ts';
import { getDocument, parseDocument, putDocument } from '../stages/stored-documents.ts';

/** By which way a table was read. */
export const READ_WAYS = ['api', 'console', 'graphql', 'sql', 'iceberg', 'command'] as const;
export type ReadWay = (typeof READ_WAYS)[number];

/** How often somebody read which tables on a day, by one way. */
const DayOfReads = z.object({
  format: z.literal(1),
  /** `YYYY-MM-DD`, UTC. */
  day: z.string(),
  by: z.string(),
  way: z.enum(READ_WAYS),
  /** How often, by dataset. */
  reads: z.record(z.string(), z.int().min(1)),
});

/** One line of the log: no values, no conditions, nothing of what was asked. */
export interface ReadLine {
  readonly day: string;
  readonly by: string;
  readonly way: ReadWay;
  readonly dataset: string;
  readonly reads: number;
}

/** Writers that lose a race look again so often. */
const TRIES = 8;
/** Documents that are read at one time. */
const AT_ONCE = 16;

/** Adds to how often somebody read datasets on a day. Of several writers at once all are counted. */
export async function addReads(
  objects: ObjectStore,
  { day, by, way }: Pick<ReadLine, 'day' | 'by' | 'way'>,
  counts: ReadonlyMap<string, number>,
): Promise<void> {
  const key = readsKey(day, by, way);
  for (let tries = 1; ; tries++) {
    const stored = await objects.get(key);
    const reads = stored === undefined ? {} : { ...parseDocument(stored.body, key, DayOfReads).reads };
    for (const [dataset, count] of counts) reads[dataset] = (reads[dataset] ?? 0) + count;
    const condition = stored === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: stored.etag };
    try {
      return await putDocument(objects, key, { format: 1, day, by, way, reads }, condition);
    } catch (error) {
      if (!(error instanceof ConflictError) || tries === TRIES) throw error;
    }
  }
}

/** The reads of a dataset on the days from one to another, both included; by day, newest first, then by who read. */
export async function readLines(
  objects: ObjectStore,
  dataset: string,
  { from, to }: { readonly from: Date; readonly to: Date },
): Promise<readonly ReadLine[]> {
  const lines: ReadLine[] = [];
  for (const day of daysOf(from, to)) {
    const keys = (await objects.list(readsPrefix(day))).map(({ key }) => key);
    const documents = inFlight(keys, atMost(AT_ONCE), (key) => getDocument(objects, key, DayOfReads));
    for await (const { by, way, reads } of documents) {
      const count = reads[dataset];
      if (count !== undefined) lines.push({ day, by, way, dataset, reads: count });
    }
  }
  const text = ({ by, way }: ReadLine): string => `${by} ${way}`;
  return lines.sort((a, b) => b.day.localeCompare(a.day) || (text(a) < text(b) ? -1 : 1));
}

/** The days (UTC) from one moment's to another's, newest first. */
function daysOf(from: Date, to: Date): string[] {
  const days: string[] = [];
  const first = dayOf(from);
  for (let at = to.getTime(); ; at -= DAY_MS) {
    const day = dayOf(new Date(at));
    if (day < first) return days;
    days.push(day);
  }
}

const DAY_MS = 86_400_000;

/** The day of a moment, `YYYY-MM-DD`, UTC. */
export const dayOf = (at: Date): string => at.toISOString().slice(0, 10);
