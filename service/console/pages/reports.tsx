import type { Contract, GoldContract } from '../../../etl/contract/contract.ts';
import { loadContracts } from '../../../etl/contract/load-contracts.ts';
import { closedMonths } from '../../../etl/table/closings.ts';
import { readPointer } from '../../../etl/table/pointer.ts';
import { isAllowed } from '../../identity/identity.ts';
import { reportAt } from '../addresses.ts';
import type { Page } from '../page.ts';
import { Empty, Table } from '../parts/facts.tsx';
import { Status } from '../parts/status.tsx';
import { count, plural, Time } from '../parts/text.tsx';

/** Every report, when it was made, and what waits for finance. */
export const reports: Page = {
  path: '/reports',
  permission: 'gold.read',
  async render({ identity, service }) {
    const { effects } = service.lake;
    const { contracts } = await loadContracts(effects.contracts);
    const golds = [...contracts.values()].filter(isGold);
    const lines = await Promise.all(
      golds.map(async (contract) => ({
        contract,
        pointer: (await readPointer(effects.objects, 'gold', contract.dataset))?.pointer,
      })),
    );
    const seesClosings = isAllowed(identity, 'closings.read', service);
    const waiting = lines.flatMap(({ pointer }) =>
      closedMonths(pointer ?? {}).filter((one) => one.waiting !== undefined),
    ).length;
    return {
      title: 'Reports',
      body: (
        <>
          <h1>
            {seesClosings && waiting > 0
              ? `${plural(waiting, 'closed month')} would change, and ${waiting === 1 ? 'waits' : 'wait'} for finance.`
              : plural(golds.length, 'report')}
          </h1>
          {golds.length === 0 ? (
            <Empty>
              A report is a Gold table with a contract and one SQL file: <code>assay new gold NAME</code>{' '}
              makes both.
            </Empty>
          ) : (
            <Table
              caption="Reports"
              columns={['report', 'what it is', 'owner', 'published', ...(seesClosings ? CLOSINGS : [])]}
              rows={lines.map(({ contract, pointer }) => [
                <a href={reportAt(contract.dataset)}>{contract.dataset}</a>,
                contract.description,
                contract.owner,
                <Time at={pointer?.committed_at ?? null} />,
                ...(seesClosings ? closingCells(pointer ?? {}) : []),
              ])}
            />
          )}
        </>
      ),
    };
  },
};

const isGold = (contract: Contract): contract is GoldContract => contract.layer === 'gold';

const CLOSINGS = ['closed months#', 'waiting'];

function closingCells(pointer: Parameters<typeof closedMonths>[0]) {
  const closed = closedMonths(pointer);
  const waits = closed.filter(({ waiting }) => waiting !== undefined).map(({ month }) => month);
  return [
    count(closed.length),
    waits.length === 0 ? '' : <Status mood="wait" word={waits.slice(0, 3).join(', ')} />,
  ];
}
