import { laterSecret } from '../adapters/aws/secrets.ts';
import type { LineageOptions } from '../adapters/http/lineage.ts';
import type { Environment } from './environment.ts';
import { logWarning } from './telemetry.ts';

/** The lineage server that a function was given; undefined where the platform was deployed without one. */
export function lineageOf(env: Environment<never>): LineageOptions | undefined {
  const { ASSAY_LINEAGE_URL: url, ASSAY_LINEAGE_NAMESPACE: namespace = 'default' } = env;
  if (url === undefined) return undefined;
  const { ASSAY_LINEAGE_KEY_SECRET_ARN: secretArn } = env;
  const key = secretArn === undefined ? undefined : laterSecret(secretArn, Date.now);
  return {
    url,
    namespace,
    ...(key === undefined ? {} : { apiKey: () => key.read() }),
    onFailure(reason) {
      // Perhaps the key was replaced.
      key?.forget();
      logWarning(reason);
    },
  };
}
