import { z } from 'zod';
import { chunkFailureKey } from '../naming/runs.ts';
import { type ChunkFailure, StageFailure } from './outcomes.ts';
import { defineStage, RunInput } from './stage.ts';
import { putDocument } from './stored-documents.ts';

const NoteInput = RunInput.extend({ chunk: z.string(), failure: StageFailure });
const NoteOutput = RunInput.extend({ chunk: z.string() });

/** Keeps what a chunk failed of, for whoever records the run's failure: the last word on a chunk stays. */
export const noteFailure = defineStage({
  name: 'note-failure',
  input: NoteInput,
  output: NoteOutput,
  run: async ({ dataset, runId, chunk, failure }, effects) => {
    const note: ChunkFailure = { chunk, ...failure, at: effects.clock.now().toISOString() };
    await putDocument(effects.objects, chunkFailureKey(dataset, runId, chunk), note);
    return { dataset, runId, chunk };
  },
});
