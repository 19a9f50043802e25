import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { ConfigError } from '../../etl/errors.ts';

/** A key shorter than this is no secret; the specification asks for 24 to 64 bytes. */
const LEAST_KEY_BYTES = 16;

/** What is signed. */
export interface SignedMessage {
  readonly id: string;
  readonly timeMs: number;
  readonly body: string;
}

/**
 * The key in a secret: the bytes behind `whsec_`, in base64, or else those of the text itself. Throws ConfigError
 * `EVENTS_SECRET` on one that is too short.
 */
export function signingKey(secret: string): Buffer {
  const encoded = /^whsec_(.*)$/s.exec(secret.trim())?.[1];
  const key = encoded === undefined ? Buffer.from(secret, 'utf8') : Buffer.from(encoded, 'base64');
  if (key.length >= LEAST_KEY_BYTES) return key;
  throw new ConfigError(
    'EVENTS_SECRET',
    `$ASSAY_EVENTS_SECRET has ${key.length} bytes, and events are signed with it: make one of at least ${LEAST_KEY_BYTES}, e.g. by: echo "whsec_$(openssl rand -base64 32)"`,
  );
}

/**
 * Headers that sign a message as Standard Webhooks say (https://www.standardwebhooks.com): HMAC-SHA256 of id, time in
 * seconds and body, so that neither an altered nor an old one is taken for new.
 */
export function signatureHeaders(key: Buffer, { id, timeMs, body }: SignedMessage): Record<string, string> {
  const seconds = String(Math.floor(timeMs / 1000));
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': `v1,${signature}` };
}
