import {
  AuthorizationResponseError,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  ClientError,
  type Configuration,
  calculatePKCECodeChallenge,
  fetchUserInfo,
  ResponseBodyError,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import { ConfigError, messageOf } from '../../../etl/errors.ts';
import type { Identity } from '../identity.ts';
import { type Claims, identityOf } from './identity-of.ts';
import { type Issuer, issuerError } from './issuer.ts';
import { CALLBACK, type OidcSettings } from './settings.ts';

/** What only the service knows of somebody who is at the issuer's to sign in. */
export interface Leaving {
  readonly state: string;
  readonly nonce: string;
  /** Proves at the end that the same service began (PKCE). */
  readonly verifier: string;
}

/** How a person signs in by a browser: the authorization code flow with PKCE. */
export interface CodeFlow {
  /** Where to send the browser, and what to remember until it is back. */
  begin(): Promise<{ readonly url: URL; readonly leaving: Leaving }>;
  /** Who came back by an address with this query; throws ConfigError `SIGN_IN` where that proves nobody. */
  finish(search: string, leaving: Leaving): Promise<Identity>;
  /** Where a browser signs out at the issuer's; undefined where the issuer has no such place. */
  endSession(): Promise<URL | undefined>;
}

/** The flow with an issuer. */
export function openCodeFlow(settings: OidcSettings, issuer: Issuer): CodeFlow {
  const { publicUrl, scopes } = settings;
  return {
    async begin() {
      const config = await issuer();
      const leaving = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() };
      const url = buildAuthorizationUrl(config, {
        redirect_uri: new URL(CALLBACK, publicUrl).href,
        scope: ['openid', ...scopes].join(' '),
        state: leaving.state,
        nonce: leaving.nonce,
        code_challenge: await calculatePKCECodeChallenge(leaving.verifier),
        code_challenge_method: 'S256',
      });
      return { url, leaving };
    },
    async finish(search, leaving) {
      const config = await issuer();
      const claims = await claimsOf(config, search, { leaving, settings });
      const identity = identityOf(claims, settings);
      if (identity !== undefined) return identity;
      throw notSignedIn(
        `${settings.issuer} says no name that decisions could keep (claim ${settings.nameClaims.join(' or ')}; an address must be verified)`,
      );
    },
    async endSession() {
      const config = await issuer();
      if (config.serverMetadata().end_session_endpoint === undefined) return undefined;
      return buildEndSessionUrl(config, { post_logout_redirect_uri: new URL('/', publicUrl).href });
    },
  };
}

interface Returning {
  readonly leaving: Leaving;
  readonly settings: OidcSettings;
}

async function claimsOf(
  config: Configuration,
  search: string,
  { leaving, settings }: Returning,
): Promise<Claims> {
  // Built from the public address: what a proxy or a Host header says is not asked.
  const address = new URL(CALLBACK + search, settings.publicUrl);
  try {
    const tokens = await authorizationCodeGrant(config, address, {
      expectedState: leaving.state,
      expectedNonce: leaving.nonce,
      pkceCodeVerifier: leaving.verifier,
      idTokenExpected: true,
    });
    const claims: Claims = { ...tokens.claims() };
    const isEnough = identityOf(claims, settings)?.roles.length ?? 0;
    if (isEnough > 0 || config.serverMetadata().userinfo_endpoint === undefined) return claims;
    // Some issuers say less in their ID tokens than where they are asked.
    return { ...(await fetchUserInfo(config, tokens.access_token, String(claims.sub))), ...claims };
  } catch (error) {
    if (isOfWhoCame(error)) throw notSignedIn(reasonOf(error), error);
    throw issuerError(error, settings.issuer);
  }
}

/** Codes of an issuer that didn't answer as it should. */
const OF_ISSUER: ReadonlySet<string | undefined> = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
]);

/** Whether what came back is to blame, and not the issuer that couldn't be asked. */
function isOfWhoCame(error: unknown): error is Error {
  if (error instanceof AuthorizationResponseError || error instanceof ResponseBodyError) return true;
  return error instanceof ClientError && !OF_ISSUER.has(error.code);
}

function reasonOf(error: Error): string {
  if (error instanceof AuthorizationResponseError || error instanceof ResponseBodyError)
    return [error.error, error.error_description].filter((text) => text !== undefined).join(': ');
  return messageOf(error.cause instanceof Error ? error.cause : error);
}

function notSignedIn(why: string, cause?: unknown): ConfigError {
  return new ConfigError('SIGN_IN', `Nobody was signed in: ${why}. Sign in again.`, { cause });
}
