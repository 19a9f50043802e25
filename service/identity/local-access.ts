import type { Identity } from './identity.ts';
import { isSameSecret } from './same-secret.ts';

/** How the service learns who is behind a token. */
export interface Access {
  /** Who is behind the token of an Authorization header. */
  bearer(token: string): Promise<Identity | undefined>;
  /** Who is behind a token in an address: once, and nobody from then on. */
  redeem(token: string): Promise<Identity | undefined>;
  /** What to do to be known. */
  readonly howToSignIn: string;
}

/** Access by one token for one person, the one at this machine. */
export function localAccess(token: string, identity: Identity): Access {
  let isRedeemed = false;
  return {
    bearer: async (given) => (isSameSecret(given, token) ? identity : undefined),
    async redeem(given) {
      if (!isSameSecret(given, token) || isRedeemed) return undefined;
      isRedeemed = true;
      return identity;
    },
    howToSignIn:
      "Open the address that 'assay serve' printed, which works once; programs send its token as 'Authorization: Bearer TOKEN'. Where it was used before, start 'assay serve' again.",
  };
}
