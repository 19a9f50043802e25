import type { QueryError } from 'trino-client';
import { type AssayError, ConfigError, messageOf, TransientError } from '../../etl/errors.ts';
import type { TrinoPlace } from './trino-place.ts';

/** Names of errors of Trino that pass by themselves, or with the next try. */
const PASSING: ReadonlySet<string> = new Set([
  'NO_NODES_AVAILABLE',
  'SERVER_STARTING_UP',
  'SERVER_SHUTTING_DOWN',
  'CLUSTER_OUT_OF_MEMORY',
  'QUERY_QUEUE_FULL',
  'ABANDONED_QUERY',
]);

/** Names of errors whose text says what is missing or not allowed, and never quotes a value of a row. */
const SPEAKING: ReadonlySet<string> = new Set([
  'CATALOG_NOT_FOUND',
  'SCHEMA_NOT_FOUND',
  'PROCEDURE_NOT_FOUND',
  'PERMISSION_DENIED',
  'TABLE_NOT_FOUND',
  'TABLE_ALREADY_EXISTS',
  'COLUMN_NOT_FOUND',
  'FUNCTION_NOT_FOUND',
  'SYNTAX_ERROR',
  'TYPE_MISMATCH',
  'NOT_SUPPORTED',
  'CATALOG_UNAVAILABLE',
  'ICEBERG_INVALID_METADATA',
  'ICEBERG_FILESYSTEM_ERROR',
  'ICEBERG_CATALOG_ERROR',
  'INVALID_PROCEDURE_ARGUMENT',
]);

/** The error for what Trino answered instead of rows. Its own text is taken over only where it can't hold values. */
export function refusedByTrino(place: TrinoPlace, error: QueryError, queryId: string): AssayError {
  const { errorName: name, errorType: type, message } = error;
  const context = { trino: place.server, query: queryId, error: name };
  const said = SPEAKING.has(name) ? `${message} (${name})` : name;
  const text = `Trino at ${place.server} says: ${said}. Its query is ${queryId}.`;
  if (name === 'CATALOG_NOT_FOUND' || name === 'SCHEMA_NOT_FOUND')
    return new ConfigError(
      'TRINO_PLACE',
      `${text} Name a catalog of the Iceberg connector and a schema in it by --trino-catalog and --trino-schema.`,
      { context },
    );
  if (name === 'PERMISSION_DENIED')
    return new ConfigError(
      'TRINO_DENIED',
      `${text} The catalog ${place.catalog} must have iceberg.register-table-procedure.enabled=true, and the user ${place.user} must be allowed to register tables in ${place.schema}, to read them, and to drop them.`,
      { context },
    );
  if (name === 'PROCEDURE_NOT_FOUND' || name === 'FUNCTION_NOT_FOUND')
    return new ConfigError(
      'TRINO_UNFIT',
      `${text} The catalog ${place.catalog} must be one of the Iceberg connector, of a Trino that has register_table: later than 2022.`,
      { context },
    );
  const isPassing = PASSING.has(name) || (type !== 'USER_ERROR' && type !== 'INSUFFICIENT_RESOURCES');
  if (isPassing) return new TransientError('TRINO_FAILED', `${text} It is tried again.`, { context });
  if (type === 'INSUFFICIENT_RESOURCES')
    return new ConfigError(
      'TRINO_LIMIT',
      `${text} Give it more memory or time, or run with --engine duckdb.`,
      { context },
    );
  return new ConfigError('TRINO_REFUSED', `${text} Run with --engine duckdb meanwhile.`, { context });
}

/** The error for a request that got no answer of Trino's. What was thrown holds the request, and with it the password: only its text is kept. */
export function unansweredByTrino(place: TrinoPlace, error: unknown): AssayError {
  const status = statusOf(error);
  const context = { trino: place.server, ...(status === undefined ? {} : { status }) };
  if (status === 401 || status === 403)
    return new ConfigError(
      'TRINO_SIGN_IN',
      `Trino at ${place.server} doesn't let in ${place.user} (HTTP ${status}): set $ASSAY_TRINO_PASSWORD or $ASSAY_TRINO_TOKEN to what is valid there, and ask by https.`,
      { context },
    );
  if (status === 404 || status === 405 || status === 400)
    return new ConfigError(
      'TRINO_ADDRESS',
      `What answers at ${place.server} is no Trino (HTTP ${status}): check --trino.`,
      { context },
    );
  if (CERTIFICATE.test(codeOf(error)))
    return new ConfigError(
      'TRINO_CERTIFICATE',
      `The certificate of ${place.server} isn't trusted (${messageOf(error)}): if it is one of your own, name its file in $NODE_EXTRA_CA_CERTS before assay starts. --engine duckdb does without.`,
      { context },
    );
  return new TransientError(
    'TRINO_UNREACHABLE',
    `Trino at ${place.server} can't be reached (${status === undefined ? messageOf(error) : `HTTP ${status}`}): check --trino, and that it runs. --engine duckdb does without.`,
    { context },
  );
}

/** Node's codes for a server whose certificate it doesn't trust: https://nodejs.org/api/tls.html#x509-certificate-error-codes. */
const CERTIFICATE = /CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE/;

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/** The HTTP status that an error of the client carries; by shape, as it is another library's. */
function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('response' in error)) return undefined;
  const { response } = error;
  const hasStatus = typeof response === 'object' && response !== null && 'status' in response;
  return hasStatus && typeof response.status === 'number' ? response.status : undefined;
}
