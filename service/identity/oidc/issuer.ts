import {
  allowInsecureRequests,
  ClientSecretBasic,
  type Configuration,
  type CustomFetch,
  clockTolerance,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  None,
} from 'openid-client';
import { messageOf, TransientError } from '../../../etl/errors.ts';
import { CLOCK_TOLERANCE_S, ISSUER_TIMEOUT_MS, type OidcSettings } from './settings.ts';

/** How long what the issuer says of itself is believed. */
const KEPT_MS = 3_600_000;

/** The issuer's own description, read when it is first needed; throws TransientError `ISSUER` where it can't be. */
export type Issuer = () => Promise<Configuration>;

/** Reads what an issuer says of itself, and reads it again after an hour, or after an error. */
export function openIssuer(settings: OidcSettings): Issuer {
  const nowMs = (): number => settings.clock.now().getTime();
  let known: { readonly read: Promise<Configuration>; readonly untilMs: number } | undefined;
  return async () => {
    if (known === undefined || known.untilMs <= nowMs())
      known = { read: describe(settings), untilMs: nowMs() + KEPT_MS };
    const { read } = known;
    try {
      return await read;
    } catch (error) {
      known = undefined;
      throw issuerError(error, settings.issuer);
    }
  };
}

/** That the issuer could not be asked: who is known can't be told. */
export const issuerError = (error: unknown, issuer: string): TransientError =>
  new TransientError(
    'ISSUER',
    `The issuer ${issuer} can't be asked who this is (${reasonOf(error)}): try it again; if it stays so, look whether ${issuer}/.well-known/openid-configuration answers here.`,
    { cause: error },
  );

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error: unknown): string {
  return error instanceof Error && error.cause instanceof Error
    ? `${error.message}: ${error.cause.message}`
    : messageOf(error);
}

async function describe({
  issuer,
  clientId,
  clientSecret,
  fetch,
  isPlain,
}: OidcSettings): Promise<Configuration> {
  return await discovery(
    new URL(issuer),
    clientId,
    { [clockTolerance]: CLOCK_TOLERANCE_S },
    clientSecret === undefined ? None() : ClientSecretBasic(clientSecret),
    {
      execute: [
        // Also over TLS the token's own signature is checked.
        enableNonRepudiationChecks,
        ...(isPlain ? [allowInsecureRequests] : []),
      ],
      timeout: ISSUER_TIMEOUT_MS / 1000,
      [customFetch]: fetch as CustomFetch,
    },
  );
}
