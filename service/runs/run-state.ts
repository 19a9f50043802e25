import { z } from 'zod';

/** A run that is under way, or waits for its turn, as the API tells it. */
export const RunState = z.object({
  runId: z.string(),
  dataset: z.string(),
  status: z.enum(['queued', 'running', 'silent']).meta({
    description: 'silent: another process began it, and it wrote nothing for long: it may have been ended',
  }),
  stage: z.string().nullable().meta({ description: 'the stage that it is in; null where it has begun none' }),
  doneBytes: z.int().nullable(),
  totalBytes: z.int().nullable(),
  records: z.int().nullable().meta({ description: 'read so far' }),
  since: z.iso.datetime().meta({ description: 'when it was asked for, or began' }),
  by: z.string().nullable().meta({ description: 'who started it here; null where that is not known' }),
});
export type RunState = z.infer<typeof RunState>;

/** A run of which nothing is known but that it is wanted. */
export const queued = (run: Pick<RunState, 'runId' | 'dataset' | 'since' | 'by'>): RunState => ({
  ...run,
  status: 'queued',
  stage: null,
  doneBytes: null,
  totalBytes: null,
  records: null,
});
