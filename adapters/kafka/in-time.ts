import { TransientError } from '../../etl/errors.ts';

/** What a promise gives, or a TransientError where it takes longer. What it does later is let go of. */
export async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new TransientError('KAFKA_LATE', `Kafka took longer than ${ms} ms.`);
    timer = setTimeout(() => reject(error), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}

const CLOSING_MS = 5_000;

/** Closes something of the library's: it may fail, or never end where a connection was lost while it opened. Never throws. */
export async function closeInTime(closable: { close(): Promise<unknown> } | undefined): Promise<void> {
  if (closable !== undefined) await inTime(closable.close(), CLOSING_MS).catch(() => undefined);
}
