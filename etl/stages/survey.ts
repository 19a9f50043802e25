import { z } from 'zod';
import { surveyRange } from '../csv/survey.ts';
import { DataError } from '../errors.ts';
import { surveyKey } from '../naming/runs.ts';
import { inDialect } from './dialects.ts';
import { fileIndex, PartName } from './plan-parts.ts';
import { loadRun } from './run-context.ts';
import { defineStage, RunInput } from './stage.ts';
import { putDocument } from './stored-documents.ts';

const SurveyInput = RunInput.extend({ chunk: z.string(), part: PartName.optional() });
const SurveyOutput = RunInput.extend({ chunk: z.string() });

/**
 * Finds where records begin in a chunk's range of a large file, and how many there are, without reading the rest of the
 * file. From that, align assigns records to chunks. A retry writes the same result.
 */
export const survey = defineStage({
  name: 'survey',
  input: SurveyInput,
  output: SurveyOutput,
  run: async ({ dataset, runId, chunk, part }, effects) => {
    const { plan, contract: own } = await loadRun(effects, { dataset, runId }, part);
    const planned = plan.chunks.find((one) => one.chunk === chunk);
    const contract = await inDialect(effects.objects, own, planned?.dialect);
    const file = fileIndex(plan).get(planned?.files[0] ?? -1);
    if (planned?.range === undefined || file === undefined)
      throw new DataError('NOT_CUT', `Chunk ${chunk} of run ${runId} is no range of a file.`);
    const scratch = await effects.openScratch(`survey-${runId}-${chunk}`);
    try {
      const found = await surveyRange(file, planned.range, { contract, data: effects.data, scratch });
      await putDocument(effects.objects, surveyKey(dataset, runId, chunk), found);
    } finally {
      await scratch.dispose();
    }
    return { dataset, runId, chunk };
  },
});
