import type { Tickets } from '../../../etl/ports.ts';
import type { Access } from '../local-access.ts';
import { openBearer } from './bearer.ts';
import { type CodeFlow, openCodeFlow } from './code-flow.ts';
import { openIssuer } from './issuer.ts';
import { type Departures, openDepartures } from './leaving.ts';
import type { OidcSettings } from './settings.ts';

/** Signing in by an issuer: people by their browsers, programs by its access tokens. */
export interface Oidc {
  readonly access: Access;
  readonly flow: CodeFlow;
  readonly departures: Departures;
  /** Resolves where the issuer can be asked; throws TransientError `ISSUER` where it can't. */
  ready(): Promise<void>;
}

/** Signing in by an issuer. Nothing is asked of it before somebody comes. */
export function openOidc(
  settings: OidcSettings,
  tickets: Tickets,
  { cooldownMs }: { readonly cooldownMs?: number } = {},
): Oidc {
  const issuer = openIssuer(settings);
  const bearer = openBearer(settings, issuer, cooldownMs === undefined ? {} : { cooldownMs });
  const howToSignIn = `Open ${new URL('/', settings.publicUrl)} in a browser and sign in; programs send an access token of ${settings.issuer} for '${settings.audience}' as 'Authorization: Bearer TOKEN'.`;
  return {
    access: { bearer, redeem: async () => undefined, howToSignIn },
    flow: openCodeFlow(settings, issuer),
    departures: openDepartures(tickets, settings.clock),
    ready: async () => void (await issuer()),
  };
}
