/** What may be allowed in the service: each route names one. */
export const PERMISSIONS = {
  'catalogue.read': 'see the datasets, their contracts, health and lineage',
  'gold.read': 'see reports',
  'silver.read': 'read the records behind reports',
  'sql.ask': 'ask in SQL',
  'runs.read': 'see runs and snapshots',
  'runs.decide': 'approve and refuse held runs',
  'quarantine.read': 'see records that failed',
  'closings.read': 'see which months are closed, and what waits for them',
  'decisions.read': 'see what people decided',
  'protected.read': 'see personal and confidential values',
} as const;
export type Permission = keyof typeof PERMISSIONS;

const VIEWER: readonly Permission[] = ['catalogue.read', 'gold.read'];
const EVERY = Object.keys(PERMISSIONS) as readonly Permission[];

/** Auditors see every decision; they make none, and need no values to see them. */
const UNSEEN_BY_AUDITORS: readonly Permission[] = ['runs.decide', 'protected.read'];

/** What each role may: a role is nothing but its permissions. */
export const ROLES = {
  viewer: VIEWER,
  analyst: [...VIEWER, 'silver.read', 'sql.ask', 'runs.read'],
  finance: [...VIEWER, 'silver.read', 'sql.ask', 'runs.read', 'closings.read', 'protected.read'],
  operator: [...VIEWER, 'sql.ask', 'runs.read', 'runs.decide', 'decisions.read'],
  steward: [...VIEWER, 'silver.read', 'sql.ask', 'runs.read', 'quarantine.read', 'protected.read'],
  privacy: [...VIEWER, 'protected.read'],
  auditor: EVERY.filter((permission) => !UNSEEN_BY_AUDITORS.includes(permission)),
  admin: EVERY,
} as const satisfies Readonly<Record<string, readonly Permission[]>>;
export type Role = keyof typeof ROLES;

/** Permissions that change something: with --read-only nobody has them. */
export const CHANGING: ReadonlySet<Permission> = new Set(['runs.decide']);
