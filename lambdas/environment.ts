import { z } from 'zod';
import { ConfigError } from '../etl/errors.ts';

const text = z.string().min(1);
const whole = z
  .string()
  .regex(/^[1-9]\d*$/)
  .transform(Number);

/** Every variable that a function may be given. */
const Variables = z.object({
  /** Given by Lambda itself. */
  AWS_LAMBDA_FUNCTION_NAME: text,
  ASSAY_STAGE: z.enum(['staging', 'production']),
  ASSAY_BRONZE_BUCKET: text,
  ASSAY_SILVER_BUCKET: text,
  ASSAY_GOLD_BUCKET: text,
  ASSAY_QUARANTINE_BUCKET: text,
  ASSAY_OPS_BUCKET: text,
  ASSAY_DATABASE_PREFIX: z.string().regex(/^[a-z0-9_]+$/),
  ASSAY_ALERTS_TOPIC_ARN: z.string().startsWith('arn:'),
  ASSAY_STATE_MACHINE_ARN: z.string().startsWith('arn:'),
  ASSAY_SLACK_SECRET_ARN: z.string().startsWith('arn:'),
  ASSAY_DIGEST_KEY_SECRET_ARN: z.string().startsWith('arn:'),
  ASSAY_EVENTS_SOURCE: text,
  ASSAY_LINEAGE_URL: z.url(),
  ASSAY_LINEAGE_NAMESPACE: text,
  ASSAY_LINEAGE_KEY_SECRET_ARN: z.string().startsWith('arn:'),
  ASSAY_LANDING_BUCKET: text,
  ASSAY_VAULT_TABLE: text,
  ASSAY_VAULT_KEYS_TABLE: text,
  ASSAY_VAULT_WRAPPING_KEYS: text,
  ASSAY_MEMORY_LIMIT_MB: whole,
  ASSAY_THREADS: whole,
  ASSAY_CHUNK_MB: whole,
  ASSAY_REWRITE_FROM_BYTES: whole,
  ASSAY_SERVICE_URL: z.url(),
  ASSAY_SESSION_HOURS: whole,
  ASSAY_TICKETS_TABLE: text,
  ASSAY_POLICIES_TABLE: text,
  ASSAY_ANSWERS_BUCKET: text,
  ASSAY_ANSWERS_PREFIX: text,
  ASSAY_WORKGROUP: text,
  ASSAY_SETS_WORKGROUP: text,
  ASSAY_SETS_DATABASE: text,
  ASSAY_SETS_FROM_BYTES: whole,
  ASSAY_START_FUNCTION: text,
  ASSAY_OIDC_ISSUER: z.url(),
  ASSAY_OIDC_AUDIENCE: text,
  ASSAY_OIDC_CLIENT_ID: text,
  ASSAY_OIDC_ROLES_CLAIM: text,
  ASSAY_OIDC_NAME_CLAIMS: text,
  ASSAY_RELEASE: text,
});
type Variables = z.infer<typeof Variables>;

/** Name of a variable. */
export type VariableName = keyof Variables;

/** Variables by their names; all there are, where they are set and well-formed. */
export type Environment<Needed extends VariableName> = Pick<Variables, Needed> & Partial<Variables>;

/**
 * A function's environment: what it needs must be there, what else is there must be well-formed. Throws ConfigError
 * `ENVIRONMENT` that names every variable at fault.
 */
export function readEnvironment<Needed extends VariableName>(
  env: Readonly<Record<string, string | undefined>>,
  needed: readonly Needed[],
): Environment<Needed> {
  const parsed = Variables.partial().safeParse(env);
  const wrong = parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  const missing = needed.filter((name) => env[name] === undefined).map((name) => `${name} is missing`);
  const problems = [...missing, ...wrong];
  if (problems.length > 0 || !parsed.success) {
    throw new ConfigError(
      'ENVIRONMENT',
      `The function's environment is not what it needs (${problems.join('; ')}): deploy the stack again.`,
    );
  }
  return parsed.data as Environment<Needed>;
}
