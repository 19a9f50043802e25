import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { DEFINITION } from '../../adapters/local/run-dataset.ts';
import { runStateMachine } from '../../adapters/local/state-machine.ts';
import type { ObjectStore } from '../../etl/ports.ts';
import { newRunId } from '../../etl/stages/run-id.ts';
import { getDocument } from '../../etl/stages/stored-documents.ts';
import type { WorkerPool } from './worker-pool.ts';

/** How an execution of the workflow ended. */
export interface Ended {
  readonly runId: string;
  readonly wallMs: number;
  /** What the state machine carries at its end, as JSON. */
  readonly stateBytes: number;
  /** Why it failed; absent where it didn't. */
  readonly failure?: string;
}

/** Has workers go through the state machine once, so many chunks at once as there are workers. */
export async function runWorkflow(
  pool: WorkerPool,
  objects: ObjectStore,
  { dataset, workers }: { readonly dataset: string; readonly workers: number },
): Promise<Ended> {
  const runId = newRunId(new Date());
  const startedMs = performance.now();
  const result = await runStateMachine({
    definitionText: await readFile(DEFINITION, 'utf8'),
    handlers: pool.handlers,
    readItems: (key) => getDocument(objects, key, z.array(z.unknown())),
    input: { dataset, runId, start: 'plan' },
    concurrency: workers,
  });
  const wallMs = performance.now() - startedMs;
  if (result.status === 'failed') return { runId, wallMs, stateBytes: 0, failure: result.cause };
  return { runId, wallMs, stateBytes: Buffer.byteLength(JSON.stringify(result.output)) };
}
