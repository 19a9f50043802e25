import { ConfigError } from '../../etl/errors.ts';
import type { Ctx } from '../http/env.ts';
import type { Service } from '../service.ts';
import { notSignedIn } from './authenticate.ts';
import { type Identity, isAllowed } from './identity.ts';
import { CHANGING, PERMISSIONS, type Permission } from './permissions.ts';
import { isSameSecret } from './same-secret.ts';

/** Who asks, where they may; throws ConfigError `NOT_SIGNED_IN`, `READ_ONLY` or `NOT_PERMITTED` where they may not. */
export function permit(
  c: Ctx,
  permission: Permission,
  { isReadOnly, access }: Pick<Service, 'isReadOnly' | 'access'>,
): Identity {
  const asker = c.get('asker');
  if (asker.kind === 'nobody') throw notSignedIn('Nobody is signed in.', access);
  const { identity } = asker;
  if (isAllowed(identity, permission, { isReadOnly })) return identity;
  if (isReadOnly && CHANGING.has(permission))
    throw new ConfigError('READ_ONLY', 'This service changes nothing: it was started with --read-only.');
  throw new ConfigError(
    'NOT_PERMITTED',
    `${identity.name} may not ${PERMISSIONS[permission]}: ${rolesText(identity)}.`,
    { context: { permission } },
  );
}

const rolesText = ({ roles }: Identity): string =>
  roles.length === 0
    ? 'they have no role here, which whoever keeps their account gives'
    : `their roles are ${roles.join(', ')}`;

/**
 * Throws ConfigError `OTHER_SITE` for a change that a page of another site may have sent in somebody's name: with a cookie,
 * which browsers send unasked, the Origin must be this site's, and the session's secret must be there. A bearer token is
 * never sent unasked.
 */
export function requireOwnSite(
  c: Ctx,
  csrf: string | undefined,
  { hosts, isSecure }: Pick<Service, 'hosts' | 'isSecure'>,
): void {
  const asker = c.get('asker');
  if (asker.kind !== 'session') return;
  const origin = c.req.header('origin') ?? '';
  const own = [...hosts].map((host) => `${isSecure ? 'https' : 'http'}://${host}`);
  if (!own.includes(origin.toLowerCase()))
    throw new ConfigError(
      'OTHER_SITE',
      `The change comes from '${origin}': only pages of this site may ask for one.`,
    );
  if (csrf === undefined || !isSameSecret(csrf, asker.csrf))
    throw new ConfigError(
      'OTHER_SITE',
      'The page that asks is not of this session (X-CSRF-Token, or csrf in a form): open it again, and decide again.',
    );
}
