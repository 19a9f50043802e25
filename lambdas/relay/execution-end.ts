import { z } from 'zod';
import { engineFacet, errorFacet, lineageEvent } from '../../etl/openlineage/event.ts';
import type { Lineage } from '../../etl/ports.ts';

/** An alert that was made from an execution's status event (lib/alerts/execution-alerts.ts). */
const ExecutionAlert = z.looseObject({
  at: z.string(),
  title: z.string(),
  details: z.looseObject({ source: z.literal('aws.states'), status: z.string(), input: z.unknown() }),
});

/** An execution's input. Only it names the run in a status event; the execution's name can be another. */
const ExecutionInput = z.looseObject({ dataset: z.string().min(1), runId: z.string().min(1) });

/** The run that an execution was given; undefined where its input is no run, or was too large to be sent along. */
export function runOfExecution(input: unknown): z.infer<typeof ExecutionInput> | undefined {
  return ExecutionInput.safeParse(typeof input === 'string' ? parseJson(input) : input).data;
}

/** Reports to a lineage server that a workflow died before it could report its own end; ignores everything else. */
export async function tellDied(body: string, lineage: Lineage): Promise<void> {
  const alert = ExecutionAlert.safeParse(parseJson(body)).data;
  const run = runOfExecution(alert?.details.input);
  if (alert === undefined || run === undefined) return;
  await lineage.emit(
    lineageEvent({
      eventType: alert.details.status === 'ABORTED' ? 'ABORT' : 'FAIL',
      eventTime: alert.at,
      namespace: lineage.namespace,
      job: run.dataset,
      runId: run.runId,
      runFacets: { processing_engine: engineFacet(), errorMessage: errorFacet(alert.title) },
    }),
  );
}

/** A text as JSON; undefined where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
