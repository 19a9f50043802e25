import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ROUTES } from '../../service/api/routes.ts';
import { ACTIONS, FILE_ACTIONS, PAGES } from '../../service/console/pages.ts';
import { type Permission, ROLES, type Role } from '../../service/identity/permissions.ts';
import { openShop, type Shop } from '../cli/shop.ts';
import { type AskedService, openService } from './open-service.ts';

/** Who may do what, written down once more by hand from the design: the roles in its order, and for each its letters. */
const ALL: readonly Role[] = [
  'viewer',
  'analyst',
  'finance',
  'operator',
  'steward',
  'privacy',
  'auditor',
  'admin',
];
const WHO: Readonly<Record<Permission, readonly Role[]>> = {
  'catalogue.read': ALL,
  'gold.read': ALL,
  'silver.read': ['analyst', 'finance', 'steward', 'auditor', 'admin'],
  'sql.ask': ['analyst', 'finance', 'operator', 'steward', 'auditor', 'admin'],
  'runs.read': ['analyst', 'finance', 'operator', 'steward', 'auditor', 'admin'],
  'runs.start': ['operator', 'steward', 'admin'],
  'files.upload': ['operator', 'steward', 'admin'],
  'runs.decide': ['operator', 'admin'],
  'quarantine.read': ['steward', 'auditor', 'admin'],
  'quarantine.decide': ['steward', 'admin'],
  'quarantine.release': ['steward', 'admin'],
  'closings.read': ['finance', 'auditor', 'admin'],
  'closings.decide': ['finance', 'admin'],
  'decisions.read': ['operator', 'auditor', 'admin'],
  'protected.read': ['finance', 'steward', 'privacy', 'admin'],
  'values.reveal': ['steward', 'admin'],
  'privacy.read': ['privacy', 'auditor', 'admin'],
  'privacy.decide': ['privacy', 'admin'],
  'privacy.access': ['privacy', 'admin'],
  'policies.read': ['operator', 'steward', 'auditor', 'admin'],
  'policies.decide': ['operator', 'steward', 'admin'],
};

/** Every address with its method, and what it needs. */
const DOORS = [
  ...ROUTES.map(({ method, path, permission }) => ({ method: method.toUpperCase(), path, permission })),
  ...PAGES.map(({ path, permission }) => ({ method: 'GET', path, permission })),
  ...[...ACTIONS, ...FILE_ACTIONS].map(({ path, permission }) => ({ method: 'POST', path, permission })),
];
const addressOf = (path: string): string => path.replaceAll(/\{\w+\}/g, 'none');

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.dispose());

const statusOf = async (
  service: AskedService,
  { method, path }: (typeof DOORS)[number],
  isSigned = true,
): Promise<number> => (await (isSigned ? service.ask : service.send)(addressOf(path), { method })).status;

describe('what is allowed', () => {
  test('each role is in the table', () => {
    expect(Object.keys(ROLES).sort()).toEqual([...ALL].sort());
  });

  test.each(ALL)('%s is let in where the table says so, and nowhere else', async (role) => {
    const service = await openService(shop.cwd, { roles: [role] });
    for (const door of DOORS) {
      const isIn = door.permission === 'everyone' || WHO[door.permission].includes(role);
      const isForbidden = (await statusOf(service, door)) === 403;
      expect([door.method, door.path, !isForbidden]).toEqual([door.method, door.path, isIn]);
    }
  });

  test('who is not signed in gets nothing but what is for everyone', async () => {
    const service = await openService(shop.cwd);
    for (const door of DOORS) {
      const status = await statusOf(service, door, false);
      expect([door.path, status]).toEqual([door.path, door.permission === 'everyone' ? 200 : 401]);
    }
    const open = DOORS.filter(({ permission }) => permission === 'everyone').map(({ path }) => path);
    expect(open.sort()).toEqual(['/healthz', '/readyz', '/v1/openapi.json']);
  });

  test('with --read-only nobody changes anything', async () => {
    const service = await openService(shop.cwd, { isReadOnly: true });
    // A question changes nothing, though it is sent.
    for (const door of DOORS.filter((one) => one.method !== 'GET' && one.permission !== 'sql.ask')) {
      const answer = await service.ask(addressOf(door.path), { method: door.method });
      expect([door.path, answer.status, await answer.json()]).toEqual([
        door.path,
        403,
        expect.objectContaining({ code: 'READ_ONLY' }),
      ]);
    }
    expect((await service.ask('/v1/datasets')).status).toBe(200);
  });
});
