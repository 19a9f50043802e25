import type { S3ClientConfig } from '@aws-sdk/client-s3';

/** Tries of one request: with the SDK's pauses about five seconds; the state machine tries again after that. */
const ATTEMPTS = 6;
const CONNECTION_TIMEOUT_MS = 5_000;
/** Without a byte for so long, a connection is given up. */
const SILENCE_MS = 60_000;
const CONNECTIONS = 64;

/** How clients of every service behave: patient with AWS, but not with a connection that has died. */
export const CLIENT_CONFIG = {
  maxAttempts: ATTEMPTS,
  requestHandler: {
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    socketTimeout: SILENCE_MS,
    httpsAgent: { maxSockets: CONNECTIONS },
    httpAgent: { maxSockets: CONNECTIONS },
  },
} as const satisfies S3ClientConfig;
