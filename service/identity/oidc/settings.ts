import type { Clock } from '../../../etl/ports.ts';

/** The address of the service to which the issuer sends browsers back. */
export const CALLBACK = '/sign-in/callback';

/** Where people and programs are known, and how the service is known there. */
export interface OidcSettings {
  /** The issuer as its tokens name it: `https://login.example.org/realms/data`. */
  readonly issuer: string;
  /** What access tokens for this service are meant for: their `aud`, or of Cognito their `client_id`. */
  readonly audience: string;
  /** Under which the issuer knows the service, for people who sign in by a browser. */
  readonly clientId: string;
  /** The client's secret; PKCE alone proves the client where there is none. */
  readonly clientSecret?: string | undefined;
  /** Claim with the names of roles: `roles`, `cognito:groups`, `realm_access.roles`. */
  readonly rolesClaim: string;
  /** Claims with the name that decisions keep, the first that a token has: it must be one person's for good. */
  readonly nameClaims: readonly string[];
  /** Scopes to ask for beside `openid`. */
  readonly scopes: readonly string[];
  /** The address of the service, as browsers see it. */
  readonly publicUrl: URL;
  readonly clock: Clock;
  readonly fetch: typeof globalThis.fetch;
  /** Whether the issuer may be asked without TLS, as one on this machine is. */
  readonly isPlain: boolean;
}

/** How long the issuer may take to answer. */
export const ISSUER_TIMEOUT_MS = 10_000;

/** Seconds by which the clocks of issuer and service may differ. */
export const CLOCK_TOLERANCE_S = 30;

/** Signatures that are believed: by a private key, and no others. A shared secret would be one that the service could sign with. */
export const ALGORITHMS: readonly string[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
