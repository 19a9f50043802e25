/** How long to wait between tries: twice as long each time, up to the most, with jitter. */
export interface Backoff {
  readonly firstMs: number;
  readonly mostMs: number;
  readonly attempts: number;
}

/** Waits before the next try; `attempt` counts from 1. */
export async function pause({ firstMs, mostMs }: Omit<Backoff, 'attempts'>, attempt: number): Promise<void> {
  const ms = Math.min(mostMs, firstMs * 2 ** Math.min(attempt - 1, 20));
  await new Promise((resolve) => setTimeout(resolve, ms * (0.5 + Math.random() / 2)));
}
