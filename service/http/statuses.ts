import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { AssayError } from '../../etl/errors.ts';

/** The status of errors whose code says more than their kind. */
const BY_CODE: Readonly<Record<string, ContentfulStatusCode>> = {
  NOT_SIGNED_IN: 401,
  NOT_PERMITTED: 403,
  READ_ONLY: 403,
  NOT_YOUR_GROUP: 403,
  OTHER_SITE: 403,
  NO_PAGE: 404,
  NO_RUN: 404,
  NO_CONTRACT: 404,
  NO_REPORT: 404,
  NO_PRODUCT: 404,
  NO_QUERY: 404,
  NO_UPLOAD: 404,
  NO_UPLOADS: 404,
  NOT_SENT: 409,
  NO_NAMESPACE: 404,
  NO_ICEBERG_TABLE: 404,
  NOT_MADE: 404,
  NOT_A_SOURCE: 404,
  NO_SNAPSHOT: 404,
  NO_ROW: 404,
  NO_RECORDS: 404,
  NO_REQUEST: 404,
  NO_CLOSING: 404,
  NO_RESTATEMENT: 404,
  WRONG_METHOD: 405,
  NOT_ACCEPTABLE: 406,
  NOT_HELD: 409,
  BREAKER_CLOSED: 409,
  OTHER_BREAKER: 409,
  NOT_ANSWERED: 409,
  OTHER_DIGEST: 409,
  NOT_SEALED: 409,
  CONTRACT_CHANGED: 409,
  OTHER_REQUEST: 409,
  NOT_CLOSED: 409,
  CLOSED_ALREADY: 409,
  NOT_OPEN: 409,
  NOTHING_TO_RETRY: 409,
  NOTHING_TO_CORRECT: 409,
  SAME_PERSON: 409,
  RELEASED: 409,
  RELEASE_REFUSED: 409,
  NOBODY: 404,
  NOTHING_TO_REVEAL: 403,
  NO_KIND: 404,
  FORGOTTEN: 409,
  FORGET_REFUSED: 409,
  APPROVED: 409,
  NO_VAULT: 409,
  REVEALS_ELSEWHERE: 409,
  STAYS_IN_MEMORY: 409,
  CHANGED: 412,
  POLICY_WRONG: 422,
  RESOLUTION_WRONG: 422,
  NO_POLICY: 404,
  NO_INCIDENT: 404,
  NO_PROJECTION: 404,
  NOT_PUBLISHED: 404,
  EVENTS_GONE: 410,
  NO_RESOLUTION: 404,
  NOT_YOUR_DATASET: 403,
  TOO_LARGE: 413,
  NOT_CSV: 415,
  NOT_JSON: 415,
  OTHER_HOST: 421,
  TOO_MANY: 429,
};

/** The HTTP status that an error means. */
export function statusOf(error: unknown): ContentfulStatusCode {
  if (!(error instanceof AssayError)) return 500;
  const known = BY_CODE[error.code];
  if (known !== undefined) return known;
  switch (error.name) {
    case 'ConfigError':
      return 400;
    case 'ConflictError':
      return 409;
    case 'TransientError':
    case 'ThrottledError':
      return 503;
    default:
      return 500;
  }
}
