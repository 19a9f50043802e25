import type { Groups } from '../../etl/personal/reveal-record.ts';
import { CHANGING, type Permission, ROLES, type Role } from './permissions.ts';

/** Somebody whom the service knows. */
export interface Identity {
  /** As decisions keep it. */
  readonly name: string;
  readonly roles: readonly Role[];
  /** The data groups whose sealed values they may see, where their role lets them see any. */
  readonly groups?: readonly string[];
  /** The teams they are in: what a team owns, they may decide on where their role lets them. */
  readonly teams?: readonly string[];
}

/** Who asks, and how that is known. A session came by a cookie, which browsers send unasked. */
export type Asker =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'bearer'; readonly identity: Identity }
  | { readonly kind: 'session'; readonly identity: Identity; readonly csrf: string };

/** Whether a role of an identity has a permission; none has one that changes something where the service only reads. */
export function isAllowed(
  { roles }: Identity,
  permission: Permission,
  { isReadOnly }: { readonly isReadOnly: boolean },
): boolean {
  if (isReadOnly && CHANGING.has(permission)) return false;
  return roles.some((role) => ROLES[role].some((one) => one === permission));
}

/** The data groups whose sealed values an identity may see: all of them, as an admin. */
export const groupsOf = ({ roles, groups = [] }: Identity): Groups =>
  roles.includes('admin') ? 'every' : new Set(groups);

/** Whether somebody is one of the owners of something, or an admin. */
export const isOwner = ({ roles, teams = [] }: Identity, owners: readonly string[]): boolean =>
  roles.includes('admin') || owners.some((owner) => teams.includes(owner));
