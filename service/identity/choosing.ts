import type { Contract } from '../../etl/contract/contract.ts';
import { ConfigError } from '../../etl/errors.ts';
import type { Identity } from './identity.ts';
import { hiddenColumns } from './reader.ts';

/**
 * Throws ConfigError `FILTER` where rows are chosen by a column whose values the asker may not see: what is there, and what
 * is not, would tell the value.
 */
export function requireChoosable(identity: Identity, contract: Contract, columns: readonly string[]): void {
  const hidden = hiddenColumns(identity, contract);
  const column = columns.find((one) => hidden.has(one));
  if (column === undefined) return;
  throw new ConfigError(
    'FILTER',
    `Rows can't be chosen by ${column}, whose values are not shown to you: leave it out, or ask somebody who may see personal and confidential values.`,
    { context: { column } },
  );
}
