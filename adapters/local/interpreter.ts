// Node 20 lacks it, and the interpreter calls it.
import 'core-js/actual/promise/with-resolvers.js';
import type { LocalMachine } from './local-definition.ts';

/** One execution of a machine. */
export interface MachineRun {
  readonly definition: LocalMachine['definition'];
  readonly input: unknown;
  /** The context object, `$$`, beyond what the interpreter puts there itself. */
  readonly context: Readonly<Record<string, unknown>>;
  /** By name of a Task state. */
  readonly tasks: Readonly<Record<string, (input: unknown) => Promise<unknown>>>;
  readonly signal: AbortSignal;
}

/**
 * Runs a machine to its end and returns its output. Throws what ended it, with `name` and `message` as error
 * and cause; an error named ExecutionAbortedError, at once, when the signal is aborted.
 */
export async function interpret({ definition, input, context, tasks, signal }: MachineRun): Promise<unknown> {
  const { StateMachine } = await loadInterpreter();
  // Its types want literal unions. What it is given is checked in test/state-machine with asl-validator.
  const machine = new StateMachine(definition as never, { validationOptions: { noValidate: true } });
  const execution = machine.run(input as never, {
    context,
    overrides: { taskResourceLocalHandlers: tasks as never },
  });
  const abort = (): void => execution.abort();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await execution.result;
  } catch (error) {
    const isWrapped = error instanceof Error && error.name === 'ExecutionError' && error.cause !== undefined;
    throw isWrapped ? error.cause : error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Loaded when a run starts, not when the program does: it brings the AWS SDK's Lambda client with it. */
function loadInterpreter(): Promise<typeof import('aws-local-stepfunctions')> {
  return import('aws-local-stepfunctions');
}
