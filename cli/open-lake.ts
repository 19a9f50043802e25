import { type Lake, openLake } from '../adapters/local/lake.ts';
import type { Alert, Effects } from '../etl/ports.ts';
import type { Args } from './command.ts';
import type { Io } from './io.ts';
import { locations } from './locations.ts';
import { printable } from './print/printable.ts';
import { usageError } from './usage-error.ts';

/** Who else wants to know what happens in the lake. */
interface Listeners {
  readonly progress?: Effects['progress'];
  readonly onAlert?: (alert: Alert) => void;
}

/**
 * Opens the lake that a command line means; alerts also go to the webhook at $ASSAY_WEBHOOK_URL. DuckDB takes at
 * most $ASSAY_MEMORY_MB and $ASSAY_THREADS, where they are set.
 */
export async function openLakeOf(args: Args, io: Io, listeners: Listeners = {}): Promise<Lake> {
  const { lakeDir, contractsDir, sqlDir } = locations(args, io);
  const webhookUrl = io.env.ASSAY_WEBHOOK_URL;
  const { progress, onAlert } = listeners;
  const memoryLimitMb = numberFrom(io, 'ASSAY_MEMORY_MB', 100);
  const threads = numberFrom(io, 'ASSAY_THREADS', 1);
  return await openLake(lakeDir, {
    contractsDir,
    sqlDir,
    alerts: {
      onWebhookFailure: (reason) => io.err(printable(`warning: ${reason}`)),
      ...(webhookUrl ? { webhookUrl } : {}),
      ...(onAlert === undefined ? {} : { onAlert }),
    },
    ...(progress === undefined ? {} : { progress }),
    ...(memoryLimitMb === undefined ? {} : { memoryLimitMb }),
    ...(threads === undefined ? {} : { threads }),
  });
}

/** A whole number of the environment; undefined where it isn't set. */
function numberFrom(io: Io, name: string, least: number): number | undefined {
  const text = io.env[name];
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,7}$/.test(text) || Number(text) < least)
    throw usageError(`$${name} is '${text}'; it must be a whole number from ${least} on.`);
  return Number(text);
}
