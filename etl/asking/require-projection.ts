import type { Contract, ProjectionContract } from '../contract/contract.ts';
import { ConfigError } from '../errors.ts';

/** Whether a contract is a projection's. */
export const isProjection = (contract: Contract): contract is ProjectionContract =>
  contract.layer === 'projection';

/** The contract of a projection; throws ConfigError `NO_PROJECTION` where it is of another layer. */
export function requireProjection(contract: Contract): ProjectionContract {
  if (isProjection(contract)) return contract;
  throw new ConfigError(
    'NO_PROJECTION',
    `${contract.dataset} is no projection: its layer is ${contract.layer}.`,
    {
      context: { dataset: contract.dataset },
    },
  );
}
