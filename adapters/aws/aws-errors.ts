import { AssayError, ConfigError, messageOf, ThrottledError, TransientError } from '../../etl/errors.ts';

/** What is being done, for messages: `doing` completes "Failed <doing>", `needs` is the permission and what it is on. */
export interface Doing {
  /** E.g. `reading ops/a.json`. */
  readonly doing: string;
  /** E.g. `s3:GetObject on assay-staging-ops/ops/a.json`. */
  readonly needs: string;
}

/** Passing trouble by the name that AWS or the SDK gives it. */
const TRANSIENT: ReadonlySet<string> = new Set([
  'TimeoutError',
  'RequestTimeout',
  'RequestTimeoutException',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'InternalError',
  'InternalFailure',
  'InternalServerError',
  'InternalServiceException',
  'InternalServerException',
  'ConcurrentModificationException',
  'ConnectionError',
  'NetworkingError',
]);

/**
 * Asked too often, by the names that AWS has for it; names that say "throttl" or "slow down" are matched besides. After
 * https://github.com/smithy-lang/smithy-typescript, service-error-classification, and the errors of each service's API.
 */
const THROTTLED: ReadonlySet<string> = new Set([
  'BandwidthLimitExceeded',
  'ExecutionLimitExceeded',
  'LimitExceededException',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'TransactionInProgressException',
]);

/** Codes of Node's network errors. */
const NETWORK: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

const DENIED: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'AllAccessDisabled',
  'AuthorizationError',
  'AuthorizationErrorException',
  'Forbidden',
  'UnauthorizedOperation',
]);

const CREDENTIALS: ReadonlySet<string> = new Set([
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidAccessKeyId',
  'InvalidSignatureException',
  'InvalidClientTokenId',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);

/** What a person must put right, by the name of what is missing. */
const MISSING: Readonly<Record<string, string>> = {
  NoSuchBucket: 'The bucket does not exist',
  StateMachineDoesNotExist: 'The state machine does not exist',
  NotFoundException: 'The topic does not exist',
  EntityNotFoundException: 'The Glue database does not exist',
};

/** What an AWS call throws, as far as it matters here. */
export interface AwsFailure {
  readonly name: string;
  /** HTTP status; undefined where there was no answer. */
  readonly status: number | undefined;
  /** How often the SDK tried. */
  readonly attempts: number;
}

/** Reads an error by shape and not `instanceof`, which fails between realms and bundles. */
export function failureOf(error: unknown): AwsFailure {
  const { name, Code, $metadata } = asRecord(error);
  const { httpStatusCode, attempts } = asRecord($metadata);
  return {
    name: typeof name === 'string' && name !== 'Error' ? name : typeof Code === 'string' ? Code : 'Error',
    status: typeof httpStatusCode === 'number' ? httpStatusCode : undefined,
    attempts: typeof attempts === 'number' ? attempts : 1,
  };
}

/** Whether an AWS error has one of these names. */
export function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return names.includes(failureOf(error).name);
}

/**
 * The error in Assay's kinds: ThrottledError for what was asked too often; TransientError for 5xx, timeouts and broken
 * connections; ConfigError for a
 * missing permission, bucket or credentials, with what is missing; anything else as it came.
 */
export function awsError(error: unknown, { doing, needs }: Doing): unknown {
  if (error instanceof AssayError) return error;
  const failure = failureOf(error);
  const details = { context: { awsError: failure.name, needs }, cause: error };
  const text = (advice: string): string => `Failed ${doing} (${failure.name}). ${advice}`;
  if (isThrottled(failure)) {
    return new ThrottledError(
      'AWS_THROTTLED',
      text(
        `${messageOf(error)}: AWS is asked more often than the account's quota allows; try again in a minute.`,
      ),
      details,
    );
  }
  if (isTransient(error, failure)) {
    return new TransientError(
      'AWS_UNAVAILABLE',
      text(`${messageOf(error)}: it may work the next time.`),
      details,
    );
  }
  if (CREDENTIALS.has(failure.name)) {
    return new ConfigError(
      'AWS_CREDENTIALS',
      text('The credentials are missing or have expired: sign in to AWS again.'),
      details,
    );
  }
  if (DENIED.has(failure.name) || failure.status === 403) {
    return new ConfigError(
      'AWS_DENIED',
      text(`Access was denied; the permission needed is ${needs}: grant it to the role that does this.`),
      details,
    );
  }
  const missing = MISSING[failure.name];
  if (missing !== undefined) {
    return new ConfigError(
      'AWS_MISSING',
      text(`${missing} (${needs}): deploy the stack, or correct its settings.`),
      details,
    );
  }
  return error;
}

/** What `work` returns; what it throws goes through `awsError`. */
export async function inAws<T>(doing: Doing, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw awsError(error, doing);
  }
}

function isThrottled({ name, status }: AwsFailure): boolean {
  return status === 429 || THROTTLED.has(name) || /throttl|slow_?down/i.test(name);
}

function isTransient(error: unknown, { name, status }: AwsFailure): boolean {
  const { code, $retryable } = asRecord(error);
  return (
    TRANSIENT.has(name) ||
    (status !== undefined && status >= 500) ||
    (typeof code === 'string' && NETWORK.has(code)) ||
    ($retryable !== undefined && status === undefined) ||
    messageOf(error) === 'aborted'
  );
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
