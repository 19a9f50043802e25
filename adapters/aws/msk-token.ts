import { createHash, createHmac } from 'node:crypto';
import { KMSClient } from '@aws-sdk/client-kms';
import { SignatureV4 } from '@smithy/signature-v4';
import { ConfigError } from '../../etl/errors.ts';

/** Keys by which a request to AWS is signed. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Where the keys and the time come from, where not from the SDK's usual chain and the clock. */
export interface MskTokenSource {
  readonly keys?: () => Promise<AwsKeys>;
  readonly now?: () => Date;
}

/** Brokers of MSK ask for another one after that. */
const EXPIRES_SECONDS = 900;

/**
 * A token by which MSK knows an IAM role (SASL/OAUTHBEARER): the address of a signed request `kafka-cluster:Connect`, in
 * base64url. Throws ConfigError where no region is set.
 */
export function mskToken(region: string | undefined, source: MskTokenSource = {}): () => Promise<string> {
  if (!region) throw new ConfigError('AWS_REGION', 'Signing in at MSK needs its region: set $AWS_REGION.');
  const keys = source.keys ?? defaultKeys(region);
  const signer = new SignatureV4({ credentials: keys, region, service: 'kafka-cluster', sha256: Sha256 });
  return async () => {
    const hostname = `kafka.${region}.amazonaws.com`;
    const signed = await signer.presign(
      {
        method: 'GET',
        protocol: 'https:',
        hostname,
        path: '/',
        headers: { host: hostname },
        query: { Action: 'kafka-cluster:Connect' },
      },
      { expiresIn: EXPIRES_SECONDS, ...(source.now && { signingDate: source.now() }) },
    );
    const query = Object.entries({ ...signed.query, 'User-Agent': 'assay' });
    const text = query.map(
      ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`,
    );
    return Buffer.from(`https://${hostname}/?${text.join('&')}`).toString('base64url');
  };
}

/** The SDK's usual chain: environment, profile, container, instance, web identity. */
function defaultKeys(region: string): () => Promise<AwsKeys> {
  const client = new KMSClient({ region });
  return async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials();
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  };
}

/** SHA-256 as the signer wants it. */
class Sha256 {
  readonly #hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new Error('A digest is taken once.');
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
