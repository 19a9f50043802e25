import type { Executions, WorkflowInput } from '../../../etl/ports.ts';

/** Executions that start and end on demand. */
export interface FakeExecutions extends Executions {
  readonly started: ReadonlyMap<string, WorkflowInput>;
  end(name: string): void;
  /** The next start fails, as where the process dies before it. */
  failNext(error: Error): void;
}

/** Nothing runs yet. */
export function fakeExecutions(): FakeExecutions {
  const started = new Map<string, WorkflowInput>();
  const ended = new Set<string>();
  let failure: Error | undefined;
  return {
    started,
    end: (name) => void ended.add(name),
    failNext: (error) => {
      failure = error;
    },
    status: async (name) => (!started.has(name) ? 'none' : ended.has(name) ? 'ended' : 'running'),
    start: async (name, input) => {
      if (failure !== undefined) {
        const thrown = failure;
        failure = undefined;
        throw thrown;
      }
      if (started.has(name)) return 'exists';
      started.set(name, input);
      return 'started';
    },
  };
}
