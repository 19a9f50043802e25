import { z } from 'zod';
import type { OpenOptions } from '../csv/open-file.ts';
import { joinSurveys, type SurveyedRange } from '../csv/survey.ts';
import { spansKey, surveyKey } from '../naming.ts';
import type { ObjectStore } from '../ports.ts';
import {
  getDocument,
  type Plan,
  type PlannedFile,
  putDocument,
  type Spans,
  SurveyDocument,
} from './documents.ts';
import { loadRun } from './run-context.ts';
import { defineStage, RunInput } from './stage.ts';

const AlignOutput = RunInput.extend({ spans: z.number() });

/**
 * Says which records each chunk of a cut file takes, so that every record is in exactly one and has the number that it
 * has in the file. Reads of the file what the surveys leave open: next to nothing. A repeat writes the same again.
 */
export const align = defineStage({
  name: 'align',
  input: RunInput,
  output: AlignOutput,
  run: async ({ dataset, runId }, effects) => {
    const { plan, contract } = await loadRun(effects, dataset, runId);
    const scratch = await effects.openScratch(`align-${runId}`);
    try {
      const options = { contract, data: effects.data, scratch };
      const spans: Spans = {};
      for (const file of plan.files)
        Object.assign(spans, await spansOf(file, { plan, options, objects: effects.objects }));
      await putDocument(effects.objects, spansKey(dataset, runId), spans);
      return { dataset, runId, spans: Object.keys(spans).length };
    } finally {
      await scratch.dispose();
    }
  },
});

/** What aligning a file needs. */
interface Aligning {
  readonly plan: Plan;
  readonly options: OpenOptions;
  readonly objects: ObjectStore;
}

/** The spans of a file's chunks; none where it isn't cut. */
async function spansOf(file: PlannedFile, { plan, options, objects }: Aligning): Promise<Spans> {
  const chunks: string[] = [];
  const ranges: SurveyedRange[] = [];
  for (const { chunk, files, range } of plan.chunks) {
    if (range === undefined || files[0] !== file.index) continue;
    const survey = await getDocument(objects, surveyKey(plan.dataset, plan.runId, chunk), SurveyDocument);
    chunks.push(chunk);
    ranges.push({ ...range, survey });
  }
  const [first] = chunks;
  if (first === undefined) return {};
  const joined = await joinSurveys(file, ranges, options);
  if (joined === undefined) return { [first]: null };
  const spans = joined.map(({ from, to }) => ({
    start: from.byte,
    end: to.byte,
    first: { row: from.records + 1, line: from.lines + 1 },
    records: to.records - from.records,
  }));
  const named = spans.map((span, n) => [chunks[n] ?? '', span] as const);
  // The first speaks for the file, whether it has records or not.
  return Object.fromEntries(named.filter(([chunk, { records }]) => chunk === first || records > 0));
}
