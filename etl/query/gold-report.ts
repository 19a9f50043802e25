import type { Contract, GoldContract } from '../contract/contract.ts';
import { didYouMean } from '../contract/nearest.ts';
import { identifier, literal } from '../engine/sql.ts';
import { ConfigError } from '../errors.ts';
import { tableName } from '../naming/datasets.ts';
import type { Effects } from '../ports.ts';
import { type AsOf, inputsOf } from './as-of.ts';
import { seenSnapshot } from './seen-snapshot.ts';

/** The Gold table that a person means: `domain.name`, `gold.domain_name`, or `name` where only one has it. Throws ConfigError `NO_REPORT`. */
export function goldReport(name: string, contracts: Iterable<Contract>): GoldContract {
  const golds = [...contracts].filter((contract) => contract.layer === 'gold');
  const exact = golds.find(
    ({ dataset }) => dataset === name || [`gold.${name}`, name].includes(tableName('gold', dataset)),
  );
  if (exact !== undefined) return exact;
  const named = golds.filter((contract) => contract.name === name);
  const [only] = named;
  if (only !== undefined && named.length === 1) return only;
  const datasets = golds.map(({ dataset }) => dataset);
  const near = didYouMean(name, [...datasets, ...golds.map((contract) => contract.name)]);
  const what =
    named.length > 1 ? `'${name}' is the name of several reports` : `There is no report '${name}'${near}`;
  const list =
    datasets.length === 0
      ? 'There are no reports: write a contract for one.'
      : `Reports: ${datasets.join(', ')}.`;
  throw new ConfigError('NO_REPORT', `${what.replace(/\?$/, '')}${near === '' ? '.' : '?'} ${list}`, {
    context: { report: name },
  });
}

/** The report's rows, of one month (`YYYY-MM`) or all, ordered by month and key. */
export function reportSql(contract: GoldContract, month: string | undefined): string {
  const at = identifier(contract.partitionColumn);
  const rest = contract.key.filter((key) => key !== contract.partitionColumn).map(identifier);
  const where =
    month === undefined
      ? ''
      : ` WHERE ${at} >= DATE ${literal(`${month}-01`)} AND ${at} < DATE ${literal(`${month}-01`)} + INTERVAL 1 MONTH`;
  return `SELECT * FROM ${tableName('gold', contract.dataset)}${where} ORDER BY ${[at, ...rest].join(', ')}`;
}

/** Which state of a Gold table a report shows. */
export interface SeenReport {
  readonly snapshotId: number;
  readonly committedAt: string;
  readonly madeFrom: readonly { readonly dataset: string; readonly snapshotId: number }[];
}

/** The state of a report's table that is seen at a moment; undefined where there was none. */
export async function seenReport(
  effects: Effects,
  contract: GoldContract,
  asOf: AsOf,
): Promise<SeenReport | undefined> {
  const snapshot = await seenSnapshot(effects, { layer: 'gold', dataset: contract.dataset }, asOf);
  if (snapshot === undefined) return undefined;
  return {
    snapshotId: snapshot['snapshot-id'],
    committedAt: new Date(snapshot['timestamp-ms']).toISOString(),
    madeFrom: Object.entries(inputsOf(snapshot)).map(([dataset, snapshotId]) => ({ dataset, snapshotId })),
  };
}
