import type { Identity } from '../identity.ts';
import { ROLES, type Role } from '../permissions.ts';
import type { OidcSettings } from './settings.ts';

/** What an issuer says of somebody. */
export type Claims = Readonly<Record<string, unknown>>;

/** `reveal:contact`: a member of the data group contact. */
const GROUP = /^reveal:([a-z][a-z0-9_-]{0,63})$/;

/** `owner:orders-team`: one of the team orders-team. */
const TEAM = /^owner:(.{1,200})$/;

const MOST_NAME = 200;
const NAMES = Object.keys(ROLES) as readonly Role[];

/**
 * Who the claims are about: undefined where they name nobody. Roles are those that this service knows, and `reveal:GROUP`
 * makes a member of a data group, `owner:TEAM` one of a team; others give nothing.
 */
export function identityOf(
  claims: Claims,
  { nameClaims, rolesClaim }: Pick<OidcSettings, 'nameClaims' | 'rolesClaim'>,
): Identity | undefined {
  const name = nameClaims.map((claim) => nameIn(claims, claim)).find((one) => one !== undefined);
  if (name === undefined) return undefined;
  const said = textsOf(valueAt(claims, rolesClaim));
  const named = (form: RegExp): string[] => {
    const found = said.flatMap((one) => (typeof one === 'string' ? (form.exec(one)?.[1] ?? []) : []));
    return [...new Set(found)].sort();
  };
  const [groups, teams] = [named(GROUP), named(TEAM)];
  const roles = NAMES.filter((role) => said.includes(role));
  return {
    ...{ name, roles },
    ...(groups.length === 0 ? {} : { groups }),
    ...(teams.length === 0 ? {} : { teams }),
  };
}

/** A name that people and logs can read. An address that nobody has verified could be anybody's. */
function nameIn(claims: Claims, claim: string): string | undefined {
  const value = valueAt(claims, claim);
  if (typeof value !== 'string' || value.trim() === '' || value.length > MOST_NAME) return undefined;
  if (/\p{C}/u.test(value)) return undefined;
  return claim === 'email' && claims.email_verified !== true ? undefined : value;
}

/** A claim by its name, or by a path where no claim has all of it for its name: `realm_access.roles`. */
function valueAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  const [first = '', ...rest] = name.split('.');
  const inner = Object.hasOwn(claims, first) ? claims[first] : undefined;
  return rest.length > 0 && isClaims(inner) ? valueAt(inner, rest.join('.')) : undefined;
}

const isClaims = (value: unknown): value is Claims => typeof value === 'object' && value !== null;

/** Issuers give several roles as a list, or as a text with blanks between them. */
function textsOf(value: unknown): readonly unknown[] {
  if (typeof value === 'string') return value.split(' ');
  return Array.isArray(value) ? value : [];
}
