import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify, type RemoteJWKSet } from 'jose';
import type { Identity } from '../identity.ts';
import type { Claims } from './identity-of.ts';
import { identityOf } from './identity-of.ts';
import { type Issuer, issuerError } from './issuer.ts';
import { ALGORITHMS, CLOCK_TOLERANCE_S, ISSUER_TIMEOUT_MS, type OidcSettings } from './settings.ts';

/** How soon after a look at the issuer's keys a token with an unknown one may cause another. */
const COOLDOWN_MS = 10_000;

/** Who is behind a token of an Authorization header; undefined for one that proves nothing. */
export type VerifyBearer = (token: string) => Promise<Identity | undefined>;

/** Verifies access tokens by the issuer's public keys, which are read again where a token names one that isn't known. */
export function openBearer(
  settings: OidcSettings,
  issuer: Issuer,
  { cooldownMs = COOLDOWN_MS }: { readonly cooldownMs?: number } = {},
): VerifyBearer {
  let known: { readonly at: string; readonly keys: RemoteJWKSet } | undefined;
  const keysAt = (at: string): RemoteJWKSet => {
    if (known?.at !== at)
      known = {
        at,
        keys: createRemoteJWKSet(new URL(at), {
          cooldownDuration: cooldownMs,
          timeoutDuration: ISSUER_TIMEOUT_MS,
          [customFetch]: (url, options) => settings.fetch(url, options),
        }),
      };
    return known.keys;
  };
  return async (token) => {
    const { jwks_uri: at } = (await issuer()).serverMetadata();
    if (at === undefined) throw issuerError(new Error('it names no keys'), settings.issuer);
    const claims = await claimsOf(token, keysAt(at), settings);
    return claims === undefined || !isMeantForUs(claims, settings.audience)
      ? undefined
      : identityOf(claims, settings);
  };
}

async function claimsOf(
  token: string,
  keys: RemoteJWKSet,
  { issuer, clock }: OidcSettings,
): Promise<JWTPayload | undefined> {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      issuer,
      algorithms: [...ALGORITHMS],
      requiredClaims: ['exp', 'sub'],
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: clock.now(),
    });
    return isAccessToken(protectedHeader.typ, payload) ? payload : undefined;
  } catch (error) {
    if (provesNothing(error)) return undefined;
    throw issuerError(error, issuer);
  }
}

/** Whether a token is to blame, and not the issuer that couldn't be asked. */
function provesNothing(error: unknown): boolean {
  return (
    error instanceof errors.JWTExpired ||
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  );
}

/** What the header of an access token may say that it is: nothing, a token of whatever use, or one of RFC 9068. */
const ACCESS_TYPES: ReadonlySet<string | undefined> = new Set([
  undefined,
  'jwt',
  'at+jwt',
  'application/at+jwt',
]);

/** Whether a token doesn't say that it is for something else: to tell who signed in (`ID`), to sign out, to refresh. */
function isAccessToken(type: string | undefined, { typ }: JWTPayload): boolean {
  return ACCESS_TYPES.has(type?.toLowerCase()) && (typ === undefined || typ === 'Bearer');
}

/** Claims that only ID tokens have: those tell a client who signed in, and open nothing. */
const OF_ID_TOKENS = ['nonce', 'at_hash', 'c_hash'];

/** Claims of tokens that tell of signing out, and of those that only the holder of a key may use, which a bearer doesn't prove. */
const OF_OTHERS = ['events', 'cnf'];

/** Whether it is an access token for this service. Cognito's have no audience, and say `client_id` and `token_use`. */
function isMeantForUs(claims: Claims, audience: string): boolean {
  const { aud, client_id: client, token_use: use } = claims;
  if (use !== undefined && use !== 'access') return false;
  if ([...OF_ID_TOKENS, ...OF_OTHERS].some((name) => Object.hasOwn(claims, name))) return false;
  if (aud === undefined) return use === 'access' && client === audience;
  return [aud].flat().includes(audience);
}
