/** What may be allowed in the service: each route names one. */
export const PERMISSIONS = {
  'catalogue.read': 'see the datasets, their contracts, health and lineage',
  'gold.read': 'see reports',
  'silver.read': 'read the records behind reports',
  'sql.ask': 'ask in SQL',
  'runs.read': 'see runs and snapshots',
  'runs.start': 'start runs',
  'files.upload': 'bring source files',
  'runs.decide': 'approve and refuse held runs',
  'quarantine.read': 'see records that failed',
  'quarantine.decide': 'correct, retry and condemn records that failed',
  'quarantine.release': 'ask for releases of condemned records, and decide on them',
  'closings.read': 'see which months are closed, and what waits for them',
  'closings.decide': 'close months, reopen them, and accept what waits for them',
  'decisions.read': 'see what people decided',
  'protected.read': 'see personal and confidential values',
  'values.reveal': 'see sealed values of the data groups that one is a member of, with a reason',
  'privacy.read': 'see how personal data is protected, and which requests to forget somebody there were',
  'privacy.decide':
    'ask for somebody to be forgotten, and approve or refuse that; have a dataset adopted that became protected',
  'privacy.access': 'collect everything that is stored about a person',
  'policies.read': 'see how events of datasets are checked, and what was found',
  'policies.decide': 'decide how events are checked, of datasets that one owns',
} as const;
export type Permission = keyof typeof PERMISSIONS;

const VIEWER: readonly Permission[] = ['catalogue.read', 'gold.read'];
const EVERY = Object.keys(PERMISSIONS) as readonly Permission[];

/** Auditors see every decision; they make none, and need no values to see them. */
const UNSEEN_BY_AUDITORS: readonly Permission[] = [
  'runs.start',
  'files.upload',
  'runs.decide',
  'quarantine.decide',
  'quarantine.release',
  'closings.decide',
  'protected.read',
  'values.reveal',
  'privacy.decide',
  'privacy.access',
  'policies.decide',
];

/** What each role may: a role is nothing but its permissions. */
export const ROLES = {
  viewer: VIEWER,
  analyst: [...VIEWER, 'silver.read', 'sql.ask', 'runs.read'],
  finance: [
    ...VIEWER,
    ...([
      'silver.read',
      'sql.ask',
      'runs.read',
      'closings.read',
      'closings.decide',
      'protected.read',
    ] as const),
  ],
  operator: [
    ...VIEWER,
    'sql.ask',
    'runs.read',
    'runs.start',
    'files.upload',
    'runs.decide',
    'decisions.read',
    'policies.read',
    'policies.decide',
  ],
  steward: [
    ...VIEWER,
    ...([
      'silver.read',
      'sql.ask',
      'runs.read',
      'runs.start',
      'quarantine.read',
      'quarantine.decide',
      'quarantine.release',
      'files.upload',
      'protected.read',
      'values.reveal',
      'policies.read',
      'policies.decide',
    ] as const),
  ],
  privacy: [...VIEWER, 'protected.read', 'privacy.read', 'privacy.decide', 'privacy.access'],
  auditor: EVERY.filter((permission) => !UNSEEN_BY_AUDITORS.includes(permission)),
  admin: EVERY,
} as const satisfies Readonly<Record<string, readonly Permission[]>>;
export type Role = keyof typeof ROLES;

/** Permissions that change something: with --read-only nobody has them. */
export const CHANGING: ReadonlySet<Permission> = new Set([
  'runs.start',
  'runs.decide',
  'quarantine.decide',
  'quarantine.release',
  'files.upload',
  'closings.decide',
  'privacy.decide',
  // That values were given out is kept.
  'privacy.access',
  'values.reveal',
  'policies.decide',
]);
