import { atMost, inFlight } from '../in-flight.ts';
import { chunkListKey, planKey, surveyListKey } from '../naming/runs.ts';
import type { ObjectStore } from '../ports.ts';
import type { Plan } from './documents.ts';
import { isInParts, partsOf } from './plan-parts.ts';
import { putDocument } from './stored-documents.ts';

/** Where a plan's lists are, and how many of its chunks are surveyed first: ranges of files. */
export interface KeptPlan {
  readonly itemsKey: string;
  readonly surveysKey: string;
  readonly surveys: number;
}

/** What the state machine's Maps hand to each worker. */
interface Item {
  readonly chunk: string;
  /** The part of the plan that it is in. */
  readonly part: string;
}

const AT_ONCE = 8;

/**
 * Stores a run's plan for the stages after it: whole, in the parts that the workers read, and as lists of their chunks.
 * No worker reads the lists: the state machine does, and hands each its item.
 */
export async function keepPlan(objects: ObjectStore, plan: Plan): Promise<KeptPlan> {
  const { dataset, runId, chunks } = plan;
  const [itemsKey, surveysKey] = [chunkListKey(dataset, runId), surveyListKey(dataset, runId)];
  const parts = partsOf(plan);
  const keep = (part: (typeof parts)[number]): Promise<void> =>
    putDocument(objects, planKey(dataset, runId, part.name), part.plan);
  for await (const _ of inFlight(parts, atMost(AT_ONCE), keep));
  if (isInParts(plan)) await putDocument(objects, planKey(dataset, runId), plan);
  const partOf = new Map(
    parts.flatMap(({ name, plan: own }) => own.chunks.map(({ chunk }) => [chunk, name] as const)),
  );
  const itemsOf = (some: Plan['chunks']): Item[] =>
    some.map(({ chunk }) => ({ chunk, part: partOf.get(chunk) ?? '' }));
  await putDocument(objects, itemsKey, itemsOf(chunks));
  const ranges = chunks.filter(({ range }) => range !== undefined);
  if (ranges.length > 0) await putDocument(objects, surveysKey, itemsOf(ranges));
  return { itemsKey, surveysKey, surveys: ranges.length };
}
