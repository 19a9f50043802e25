import type { SourceContract } from '../contract/contract.ts';
import { ConfigError } from '../errors.ts';
import type { Withheld } from './outcomes.ts';
import type { RunInput } from './stage.ts';

/** The run's files, where they wait for a decision; throws ConfigError `NOT_HELD` where they don't. */
export function requireHeld({ dataset, runId }: RunInput, withheld: Withheld | undefined): Withheld {
  if (withheld?.decision === 'held') return withheld;
  const what = withheld === undefined ? 'it is not held' : `it was ${withheld.decision} at ${withheld.at}`;
  throw new ConfigError('NOT_HELD', `Run ${runId} of ${dataset} waits for no decision: ${what}.`, {
    context: { dataset, runId },
  });
}

/** Throws ConfigError `CONTRACT_CHANGED` where the contract is another one than when the run was held. */
export function requireSameContract(
  { dataset, runId, contractDigest }: Withheld,
  { digest }: Pick<SourceContract, 'digest'>,
): void {
  if (contractDigest === digest) return;
  throw new ConfigError(
    'CONTRACT_CHANGED',
    `The contract of ${dataset} changed since run ${runId} was held: 'assay readmit ${runId}' has its files tested under today's.`,
    { context: { dataset, runId } },
  );
}

/**
 * Throws ConfigError where a held run can't be approved like this: another seal was approved than the one that is there
 * (`OTHER_DIGEST`), there is none since files of it were refused (`NOT_SEALED`), or the contract changed since
 * (`CONTRACT_CHANGED`).
 */
export function checkApproval(held: Withheld, digest: string, contract: SourceContract): void {
  const { dataset, runId, sealDigest } = held;
  const context = { dataset, runId };
  requireSameContract(held, contract);
  if (sealDigest === '') {
    const [file = ''] = held.refused?.keys ?? [];
    throw new ConfigError(
      'NOT_SEALED',
      `Files of run ${runId} were refused, and the rest of it is not sealed anew yet: there is nothing to approve. If nobody is working on it, 'assay refuse ${runId} --file ${file} --reason …' once more seals it.`,
      { context },
    );
  }
  if (digest === sealDigest) return;
  throw new ConfigError(
    'OTHER_DIGEST',
    `Run ${runId} is sealed as ${sealDigest}, but ${digest} was approved: look at it again with 'assay show ${runId}'.`,
    { context },
  );
}
