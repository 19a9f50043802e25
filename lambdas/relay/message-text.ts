import { z } from 'zod';
import { alertText } from '../../adapters/local/alerts.ts';
import { parseJson, runOfExecution } from './execution-end.ts';

const AlertMessage = z.object({
  // Of any kind: one that this release doesn't know is read by people all the same.
  kind: z.string(),
  dataset: z.string(),
  runId: z.string(),
  at: z.string(),
  title: z.string(),
  readersSee: z.string(),
  nextCommand: z.string(),
  details: z.record(z.string(), z.unknown()),
});

/** What CloudWatch sends to a topic when an alarm changes. */
const AlarmMessage = z.looseObject({
  AlarmName: z.string(),
  AlarmDescription: z.string().nullish(),
  NewStateValue: z.string(),
  NewStateReason: z.string().optional(),
  StateChangeTime: z.string().optional(),
});

/**
 * A message of the alerts topic as text for a person on call: of an Alert what happened, which run, what readers see
 * and what to run next; of a CloudWatch alarm its state and what to do; anything else as it is.
 */
export function messageText(body: string): string {
  const content = parseJson(body);
  const alert = AlertMessage.safeParse(content);
  if (alert.success) return alertText(alert.data.dataset === '' ? completed(alert.data) : alert.data);
  const alarm = AlarmMessage.safeParse(content);
  return alarm.success ? alarmText(alarm.data) : body;
}

function alarmText(alarm: z.infer<typeof AlarmMessage>): string {
  const { AlarmName, AlarmDescription, NewStateValue, NewStateReason, StateChangeTime } = alarm;
  const isOver = NewStateValue === 'OK';
  return [
    isOver ? `Over: ${AlarmName}` : `${NewStateValue}: ${AlarmName}`,
    isOver ? undefined : AlarmDescription,
    NewStateReason,
    StateChangeTime,
  ]
    .filter((line) => line !== undefined && line !== null && line !== '')
    .join('\n');
}

/** An alert that was made from an execution's status event, with what the execution's input knows. */
function completed(alert: z.infer<typeof AlertMessage>): z.infer<typeof AlertMessage> {
  const run = runOfExecution(alert.details.input);
  if (run === undefined) return { ...alert, dataset: 'unknown' };
  const { dataset, runId } = run;
  return { ...alert, dataset, runId, nextCommand: `assay show ${runId}` };
}
