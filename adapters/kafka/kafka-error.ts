import { AuthenticationError, MultipleErrors, ProtocolError } from '@platformatic/kafka';
import {
  type AssayError,
  AssayError as Base,
  ConfigError,
  messageOf,
  TransientError,
} from '../../etl/errors.ts';

/** Every error of a tree: itself, those it gathers, and their causes. */
function* errorsOf(error: unknown): Generator<Error> {
  if (!(error instanceof Error)) return;
  yield error;
  if (error instanceof AggregateError) for (const inner of error.errors) yield* errorsOf(inner);
  yield* errorsOf(error.cause);
}

/** Names of the protocol's errors in what was thrown, as Kafka spells them: `NOT_COORDINATOR`. */
export function protocolErrors(error: unknown): Set<string> {
  const names = new Set<string>();
  for (const one of errorsOf(error)) if (one instanceof ProtocolError) names.add(String(one.apiId));
  return names;
}

/** Whether a broker answered, and its answer has errors: the connection is as it was. */
export const isAnswer = (error: unknown): boolean => protocolErrors(error).size > 0;

const DENIED: ReadonlySet<string> = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'INCONSISTENT_GROUP_PROTOCOL',
  'INVALID_GROUP_ID',
]);

/** What went wrong with Kafka, as one of Assay's errors: ConfigError where a person must change something, else TransientError. */
export function kafkaError(error: unknown, what: string): AssayError {
  if (error instanceof Base) return error;
  const names = [...protocolErrors(error)];
  const why = names.length > 0 ? names.join(', ') : reasonOf(error);
  const isDenied = names.some((name) => DENIED.has(name));
  if (isDenied || [...errorsOf(error)].some((one) => one instanceof AuthenticationError))
    return new ConfigError(
      'KAFKA_DENIED',
      `Kafka refused: ${what} (${why}). Check the credentials, the ACLs and the group.`,
      {
        cause: error,
      },
    );
  return new TransientError('KAFKA', `Kafka failed: ${what} (${why}).`, { cause: error });
}

/** The innermost message, which says why: the outer ones say that something failed. */
function reasonOf(error: unknown): string {
  const all = [...errorsOf(error)].filter(
    (one) => !(one instanceof MultipleErrors) || one.errors.length === 0,
  );
  return messageOf(all.at(-1) ?? error);
}
