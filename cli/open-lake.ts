import { type Lake, openLake } from '../adapters/local/lake.ts';
import type { Alert, Effects } from '../etl/ports.ts';
import type { Args } from './command.ts';
import type { Io } from './io.ts';
import { locations } from './locations.ts';
import { printable } from './print/printable.ts';

/** Who else wants to know what happens in the lake. */
interface Listeners {
  readonly progress?: Effects['progress'];
  readonly onAlert?: (alert: Alert) => void;
}

/** Opens the lake that a command line means; alerts also go to the webhook at $ASSAY_WEBHOOK_URL. */
export async function openLakeOf(args: Args, io: Io, listeners: Listeners = {}): Promise<Lake> {
  const { lakeDir, contractsDir, sqlDir } = locations(args, io);
  const webhookUrl = io.env.ASSAY_WEBHOOK_URL;
  const { progress, onAlert } = listeners;
  return await openLake(lakeDir, {
    contractsDir,
    sqlDir,
    alerts: {
      onWebhookFailure: (reason) => io.err(printable(`warning: ${reason}`)),
      ...(webhookUrl ? { webhookUrl } : {}),
      ...(onAlert === undefined ? {} : { onAlert }),
    },
    ...(progress === undefined ? {} : { progress }),
  });
}
