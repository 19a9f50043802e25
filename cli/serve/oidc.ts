import type { Clock, Tickets } from '../../etl/ports.ts';
import type { Oidc } from '../../service/identity/oidc/oidc.ts';
import type { Args, Option } from '../command.ts';
import type { Io } from '../io.ts';
import { usageError } from '../usage-error.ts';
import { isLoopbackName, webUrl } from './listening.ts';

/** The options by which people sign in at an issuer's. */
export const OIDC_OPTIONS: Readonly<Record<string, Option>> = {
  'oidc-issuer': {
    type: 'string',
    value: 'URL',
    help: 'people and programs are known by this OpenID Connect issuer, instead of by one address',
  },
  'oidc-audience': {
    type: 'string',
    value: 'A',
    help: "what the issuer's access tokens for this service are for (their aud, or client_id)",
  },
  'oidc-client-id': {
    type: 'string',
    value: 'ID',
    help: 'the client by which people sign in (default: $ASSAY_OIDC_CLIENT_ID, then the audience)',
  },
  'oidc-roles-claim': {
    type: 'string',
    value: 'CLAIM',
    help: 'the claim with the names of roles, e.g. cognito:groups or realm_access.roles (default: roles)',
  },
  'oidc-name-claim': {
    type: 'string',
    value: 'CLAIM',
    help: "the claim that decisions keep as who decided; it must be one person's for good (default: sub)",
  },
  'oidc-scope': {
    type: 'string',
    value: 'SCOPE',
    multiple: true,
    help: 'what to ask the issuer for beside openid, e.g. profile; may be given again',
  },
};

/** How people are known, but for the address of the service, which is known once it listens. */
export type OidcPlan = (service: {
  readonly publicUrl: URL;
  readonly tickets: Tickets;
  readonly clock: Clock;
}) => Oidc;

/** What the options say of an issuer; undefined where they name none. Throws ConfigError `USAGE`. */
export async function oidcOf(args: Args, { env }: Pick<Io, 'env'>): Promise<OidcPlan | undefined> {
  const issuer = args.text('oidc-issuer');
  const audience = args.text('oidc-audience');
  if (issuer === undefined) {
    const [alone] = Object.keys(OIDC_OPTIONS).filter((name) => args.has(name));
    if (alone === undefined) return undefined;
    throw usageError(`--${alone} says more of an issuer: name it by --oidc-issuer URL.`);
  }
  const url = webUrl('--oidc-issuer', issuer);
  if (url.protocol !== 'https:' && !isLoopbackName(url.hostname))
    throw usageError(
      `--oidc-issuer ${issuer} is asked without TLS, so that anybody on the way could answer for it: write its https address.`,
    );
  if (audience === undefined)
    throw usageError(
      '--oidc-audience is missing: tokens that the issuer made for other services would open this one.',
    );
  // Whoever serves a lake for themselves doesn't pay for loading it.
  const { openOidc } = await import('../../service/identity/oidc/oidc.ts');
  return ({ publicUrl, tickets, clock }) =>
    openOidc(
      {
        issuer,
        audience,
        clientId: args.text('oidc-client-id') ?? (env.ASSAY_OIDC_CLIENT_ID || audience),
        clientSecret: env.ASSAY_OIDC_CLIENT_SECRET || undefined,
        rolesClaim: args.text('oidc-roles-claim') ?? 'roles',
        nameClaims: [args.text('oidc-name-claim') ?? 'sub'],
        scopes: args.texts('oidc-scope'),
        publicUrl,
        clock,
        fetch,
        isPlain: url.protocol === 'http:',
      },
      tickets,
    );
}
