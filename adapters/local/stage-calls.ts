import { nameOf, outwardMessage } from '../../etl/errors.ts';
import type { StageName } from '../../etl/stages/handlers.ts';

/** A function for each stage: JSON in, JSON out. */
export type StageHandlers = Readonly<Record<StageName, (input: unknown) => Promise<unknown>>>;

/** Calls to stages, counted while they run. */
export interface StageCalls {
  /** What the stage returns, as JSON; throws StateError. Calls nothing once the signal is aborted. */
  call(stage: StageName, input: unknown, signal: AbortSignal): Promise<unknown>;
  /** Returns when no call is running any more. */
  idle(): Promise<void>;
}

/** An error as a state machine sees it: Retry and Catch match its name, the message is the cause. */
export class StateError extends Error {
  constructor(name: string, cause: string) {
    super(cause);
    this.name = name;
  }
}

/**
 * Calls these handlers as Step Functions would call Lambdas: by value, and knowing errors by name. `onError` is given what
 * they throw as it is.
 */
export function stageCalls(
  handlers: StageHandlers,
  onError: (error: unknown) => void = () => undefined,
): StageCalls {
  const running = new Set<Promise<unknown>>();
  return {
    async call(stage, input, signal) {
      if (signal.aborted) throw new StateError('ExecutionAborted', 'Stopped on request.');
      const call = byValue(handlers[stage], input);
      running.add(call);
      try {
        return await call;
      } catch (error) {
        onError(error);
        throw new StateError(nameOf(error), outwardMessage(error));
      } finally {
        running.delete(call);
      }
    },
    async idle() {
      while (running.size > 0) await Promise.allSettled([...running]);
    },
  };
}

async function byValue(handler: StageHandlers[StageName], input: unknown): Promise<unknown> {
  return asJson(await handler(asJson(input)));
}

/** A value as it arrives after having travelled as JSON. */
export function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}
