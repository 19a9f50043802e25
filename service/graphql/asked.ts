import type { LoadedContracts } from '../../etl/contract/load-contracts.ts';
import type { Identity } from '../identity/identity.ts';

/** A request that was let in. */
export interface Asked {
  readonly text: string;
  readonly loaded: LoadedContracts;
  readonly identity: Identity;
  /** Called when nothing of it is under way any more, which may be after its answer. */
  readonly leave: () => void;
}
