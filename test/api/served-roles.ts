import { startServer } from '../../adapters/local/http-server.ts';
import type { Role } from '../../service/identity/permissions.ts';
import { runMain } from '../cli/run-main.ts';
import { openShop } from '../cli/shop.ts';
import { openService, TOKEN } from '../service/open-service.ts';

/** A service over a shop's lake, to somebody of one role. */
export interface ServedRole {
  readonly role: Role;
  readonly url: string;
  readonly token: string;
}

const SALES = `sale_id,customer,amount,sold_on
1,Ann,1.10,2024-01-02
2,Bob,x,2024-01-03
3,Eve,3.00,2024-02-03
`;

/** Makes a lake with published, quarantined and pending records, and serves it to each of the roles. */
export async function serveRoles(
  roles: readonly Role[],
): Promise<{ readonly served: readonly ServedRole[]; dispose(): Promise<void> }> {
  const shop = await openShop('{ maxQuarantineRate: 0.9, smallBatchRecords: 2 }');
  await shop.write('a.csv', SALES);
  await runMain(['ingest', 'a.csv', '--dataset', 'shop.sales'], shop);
  await runMain(['run'], shop);
  const endings: (() => Promise<void>)[] = [];
  const served: ServedRole[] = [];
  for (const role of roles) {
    const hosts = new Set<string>();
    const service = await openService(shop.cwd, { roles: [role], hosts });
    const server = await startServer({ host: '127.0.0.1', port: 0 }, (port) => {
      hosts.add(`127.0.0.1:${port}`);
      return (request) => service.fetch(request);
    });
    endings.push(
      () => server.close(),
      () => service.close(),
    );
    served.push({ role, url: `http://127.0.0.1:${server.port}`, token: TOKEN });
  }
  return {
    served,
    async dispose() {
      for (const end of endings) await end();
      await shop.dispose();
    },
  };
}
