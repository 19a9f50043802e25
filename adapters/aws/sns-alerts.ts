import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Alert, Alerts, ObjectStore } from '../../etl/ports.ts';
import { alertText, recordAlert } from '../local/alerts.ts';
import { inAws } from './aws-errors.ts';

/** SNS takes a subject of up to 100 printable ASCII characters. */
const SUBJECT_CHARACTERS = 100;

/** What alerts are sent with. */
export interface SnsAlertsOptions {
  readonly sns: SNSClient;
  readonly topicArn: string;
  readonly objects: ObjectStore;
}

/**
 * Alerts as messages to a topic (JSON of an Alert for queues and functions, readable text for email) and as documents
 * in the lake. The message goes first, so that no alert is on record that was never sent.
 */
export function snsAlerts({ sns, topicArn, objects }: SnsAlertsOptions): Alerts {
  return {
    async send(alert) {
      const doing = { doing: `telling people of ${alert.runId}`, needs: `sns:Publish on ${topicArn}` };
      const command = new PublishCommand({
        TopicArn: topicArn,
        Subject: subjectOf(alert),
        MessageStructure: 'json',
        Message: JSON.stringify({ default: JSON.stringify(alert), email: alertText(alert) }),
      });
      await inAws(doing, () => sns.send(command));
      await recordAlert(objects, alert);
    },
  };
}

function subjectOf({ kind, dataset }: Alert): string {
  return `Assay: ${kind} ${dataset}`
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, SUBJECT_CHARACTERS)
    .trim();
}
