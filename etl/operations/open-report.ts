import type { GoldContract } from '../contract/contract.ts';
import { loadContracts } from '../contract/load-contracts.ts';
import { ConfigError, ConflictError } from '../errors.ts';
import type { Effects } from '../ports.ts';
import { goldReport } from '../query/gold-report.ts';
import { publishedContract } from '../stages/kept-contracts.ts';
import { readKnownPointer } from '../stages/known-pointer.ts';
import { type LakeTable, openTable } from '../table/lake-table.ts';
import type { ReadPointer, TableState } from '../table/pointer.ts';

/** A Gold table as it stands. */
export interface OpenedReport {
  /** The contract under which it was published. */
  readonly contract: GoldContract;
  readonly read: ReadPointer;
  readonly state: TableState;
  readonly table: LakeTable;
}

/** Opens the Gold table that a person means; throws ConfigError `NO_REPORT`, or `NOT_MADE` where it was never made. */
export async function openReport(effects: Effects, name: string): Promise<OpenedReport> {
  const { contracts } = await loadContracts(effects.contracts);
  const named = goldReport(name, contracts.values());
  const read = await readKnownPointer(effects.objects, 'gold', named.dataset);
  const state = read?.pointer.tables.gold;
  if (read === undefined || state === undefined)
    throw new ConfigError(
      'NOT_MADE',
      `${named.dataset} was not made yet: 'assay run --dataset ${named.inputs[0]}' makes it.`,
      { context: { report: named.dataset } },
    );
  const contract = await publishedContract(effects.objects, named);
  return { contract, read, state, table: await openTable(effects.objects, state) };
}

/** How often a commit that lost a race is tried again. */
const ATTEMPTS = 5;

/** Does work that moves a pointer, and retries it when another process moves it first. */
export async function againAfterRaces<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const isRace = error instanceof ConflictError && error.code === 'LOST_RACE';
      if (!isRace || attempt === ATTEMPTS) throw error;
    }
  }
}
