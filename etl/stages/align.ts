import { z } from 'zod';
import type { OpenOptions } from '../csv/open-file.ts';
import { joinSurveys, type SurveyedRange } from '../csv/survey.ts';
import { spansKey, surveyKey } from '../naming/runs.ts';
import type { ObjectStore } from '../ports.ts';
import { inDialect } from './dialects.ts';
import { type Plan, type PlannedChunk, type PlannedFile, type Spans, SurveyDocument } from './documents.ts';
import { isInParts, type PlanPart, partsOf } from './plan-parts.ts';
import { loadRun } from './run-context.ts';
import { getRunDocument } from './run-documents.ts';
import { defineStage, RunInput } from './stage.ts';
import { putDocument } from './stored-documents.ts';

const AlignOutput = RunInput.extend({ spans: z.number() });

/**
 * Assigns the records of cut files to chunks, so that every record is in exactly one and keeps its number in the file.
 * Reads hardly any of the file, only what the surveys leave open. A retry writes the same result.
 */
export const align = defineStage({
  name: 'align',
  input: RunInput,
  output: AlignOutput,
  run: async ({ dataset, runId }, effects) => {
    const { plan, contract } = await loadRun(effects, { dataset, runId });
    const scratch = await effects.openScratch(`align-${runId}`);
    try {
      const spans: Spans = {};
      for (const [index, chunks] of cutFiles(plan)) {
        const file = plan.files[index];
        const reading = await inDialect(effects.objects, contract, file?.dialect);
        const options = { contract: reading, data: effects.data, scratch };
        const aligning = { plan, options, objects: effects.objects };
        if (file !== undefined) Object.assign(spans, await spansOf(file, chunks, aligning));
      }
      for (const part of partsOf(plan)) await keepSpans(effects.objects, part, spans);
      if (isInParts(plan)) await keepSpans(effects.objects, { name: '', plan }, spans);
      return { dataset, runId, spans: Object.keys(spans).length };
    } finally {
      await scratch.dispose();
    }
  },
});

/** Stores the spans of a part's chunks, where any of them is a range. */
async function keepSpans(objects: ObjectStore, { name, plan }: PlanPart, spans: Spans): Promise<void> {
  const { dataset, runId, chunks } = plan;
  if (!chunks.some(({ range }) => range !== undefined)) return;
  const own = chunks.flatMap(({ chunk }) => (chunk in spans ? [[chunk, spans[chunk]] as const] : []));
  await putDocument(objects, spansKey(dataset, runId, name), Object.fromEntries(own));
}

/** A chunk that is a range of a file. */
type RangeChunk = PlannedChunk & Required<Pick<PlannedChunk, 'range'>>;

/** The ranges of each file that is cut, in order, by the file's index. */
function cutFiles({ chunks }: Plan): Map<number, RangeChunk[]> {
  const files = new Map<number, RangeChunk[]>();
  for (const { range, ...chunk } of chunks) {
    const [index] = chunk.files;
    if (range === undefined || index === undefined) continue;
    const known = files.get(index) ?? [];
    known.push({ ...chunk, range });
    files.set(index, known);
  }
  return files;
}

/** What aligning a file needs. */
interface Aligning {
  readonly plan: Plan;
  readonly options: OpenOptions;
  readonly objects: ObjectStore;
}

/** The spans of a cut file's chunks. */
async function spansOf(
  file: PlannedFile,
  chunks: readonly RangeChunk[],
  { plan, options, objects }: Aligning,
): Promise<Spans> {
  const ranges: SurveyedRange[] = [];
  for (const { chunk, range } of chunks) {
    const survey = await getRunDocument(objects, surveyKey(plan.dataset, plan.runId, chunk), SurveyDocument);
    ranges.push({ ...range, survey });
  }
  const first = chunks[0]?.chunk ?? '';
  const joined = await joinSurveys(file, ranges, options);
  if (joined === undefined) return { [first]: null };
  const spans = joined.map(({ from, to }) => ({
    start: from.byte,
    end: to.byte,
    first: { row: from.records + 1, line: from.lines + 1 },
    records: to.records - from.records,
  }));
  const named = spans.map((span, n) => [chunks[n]?.chunk ?? '', span] as const);
  // The first chunk reports on the file, even without records.
  return Object.fromEntries(named.filter(([chunk, { records }]) => chunk === first || records > 0));
}
