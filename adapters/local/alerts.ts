import { ConfigError, ConflictError } from '../../etl/errors.ts';
import { alertKey } from '../../etl/naming/told.ts';
import type { Alert, Alerts, ObjectStore } from '../../etl/ports.ts';
import { postJson, webAddress } from '../http/post.ts';

/** Where alerts go besides the lake's `ops/alerts`. */
export interface AlertChannels {
  /** An http(s) address that takes a POST of `{"text": …}`, as Slack, Mattermost and Google Chat do. It is a secret. */
  readonly webhookUrl?: string;
  readonly webhookTimeoutMs?: number;
  /** Called with every alert, for the terminal. */
  readonly onAlert?: (alert: Alert) => void;
  /** Called with the reason when the webhook could not be reached, refused or took too long. */
  readonly onWebhookFailure?: (reason: string) => void;
}

const WEBHOOK_TIMEOUT_MS = 5000;

/**
 * Alerts as documents in the lake, one for each run and kind, and as messages. A repeat leaves the
 * document as it is but is announced again: a process may have died between the two. An unreachable
 * webhook never fails the run; a document that can't be written does, after the messages went out.
 */
export function fileAlerts(objects: ObjectStore, channels: AlertChannels = {}): Alerts {
  const url = channels.webhookUrl === undefined ? undefined : webhookAddress(channels.webhookUrl);
  return {
    async send(alert) {
      const recorded = recordAlert(objects, alert).then(
        () => undefined,
        (error: unknown) => ({ error }),
      );
      channels.onAlert?.(alert);
      if (url !== undefined) await post(url, alert, channels);
      const trouble = await recorded;
      if (trouble !== undefined) throw trouble.error;
    },
  };
}

/** An alert as a few lines for people: what happened, what readers see, what to run next. */
export function alertText(alert: Omit<Alert, 'kind'>): string {
  return [
    alert.title,
    `Dataset ${alert.dataset}, run ${alert.runId}, ${alert.at}`,
    `Readers see: ${alert.readersSee}`,
    `Next: ${alert.nextCommand}`,
  ].join('\n');
}

/** A run may restate several Gold tables, and several projections may fail after it; each has its own alert. */
const ONE_A_TABLE: ReadonlySet<Alert['kind']> = new Set(['figures-restated', 'projection-failed']);

/** Keeps an alert for ops.alerts, one document for each run and kind; one that is there already stays as it is. */
export async function recordAlert(objects: ObjectStore, alert: Alert): Promise<void> {
  const { runId, kind } = alert;
  const table = ONE_A_TABLE.has(kind) ? alert.dataset : undefined;
  const body = Buffer.from(`${JSON.stringify(alert, null, 2)}\n`);
  try {
    await objects.put(alertKey(runId, kind, table), body, { ifNoneMatch: '*' });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}

async function post(url: URL, alert: Alert, channels: AlertChannels): Promise<void> {
  const body = JSON.stringify({ text: alertText(alert) });
  const trouble = await postJson(url, { body, timeoutMs: channels.webhookTimeoutMs ?? WEBHOOK_TIMEOUT_MS });
  // Only the host: the path of such an address is what lets one post there.
  if (trouble !== undefined)
    channels.onWebhookFailure?.(`The webhook at ${url.host} did not take the alert: ${trouble.reason}.`);
}

function webhookAddress(text: string): URL {
  const url = webAddress(text);
  if (url !== undefined) return url;
  throw new ConfigError(
    'WEBHOOK_URL',
    'The webhook is not an http or https address: correct it, or leave it out.',
  );
}
