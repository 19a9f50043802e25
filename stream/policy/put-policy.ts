import { ConfigError, DataError } from '../../etl/errors.ts';
import type { Word } from '../../etl/operations/decide-run.ts';
import { type ControlPlane, changeDocument } from './change-document.ts';
import { checkPolicy } from './check-policy.ts';
import { DatasetPolicy } from './dataset-policy.ts';
import { datasetOfUrn } from './dataset-urn.ts';
import { findContract } from './find-contract.ts';
import { type KeptDocument, type PolicyStore, policyName, RESOLUTION_NAME } from './policy-store.ts';
import { readResolutionMap } from './resolution-map.ts';

/** A policy as it is kept. */
export interface KeptPolicy {
  readonly policy: DatasetPolicy;
  readonly version: number;
  readonly changedAt: string;
  readonly changedBy: string;
}

/** Who changes something, and what must hold of what stands there. */
export interface Change<Kept> {
  readonly word: Word;
  /** Throws where what stands there must not be changed by whoever asks. It is asked anew whenever something else stands there. */
  readonly require?: (before: Kept | undefined) => void | Promise<void>;
}

/** The policy of a dataset, by its URN; undefined where there is none. Throws DataError `POLICY_DAMAGED`. */
export async function readPolicy(
  store: Pick<PolicyStore, 'read'>,
  urn: string,
): Promise<KeptPolicy | undefined> {
  const kept = await store.read(policyName(datasetOfUrn(urn)));
  return kept && keptPolicy(kept);
}

function keptPolicy({ name, body, version, at, by }: KeptDocument): KeptPolicy {
  const parsed = DatasetPolicy.safeParse(body);
  if (parsed.success) return { policy: parsed.data, version, changedAt: at, changedBy: by };
  throw new DataError(
    'POLICY_DAMAGED',
    `${name} can't be read as a policy: set it anew; its history has what it was.`,
    { cause: parsed.error, context: { name } },
  );
}

/**
 * Makes a policy hold, and returns it as it is kept; the same once more changes nothing. Throws ConfigError `POLICY_WRONG` with
 * everything that makes no sense in it.
 */
export async function putPolicy(
  plane: ControlPlane,
  { urn, policy }: { readonly urn: string; readonly policy: DatasetPolicy },
  { word, require }: Change<KeptPolicy>,
): Promise<{ readonly kept: KeptPolicy; readonly isNew: boolean }> {
  const dataset = datasetOfUrn(urn);
  let isNew = false;
  const kept = await changeDocument(plane, {
    name: policyName(dataset),
    word,
    async next(before) {
      isNew = before === undefined;
      await require?.(before && legible(before));
      requireSense(urn, await problemsOf(plane, { urn, policy }));
      const details = { was: before?.body ?? null, now: policy };
      return { body: policy, kind: 'policy-set', dataset, details };
    },
  });
  return { kept: keptPolicy(kept), isNew };
}

/** What stands there, where it can be read: what can't is replaced like nothing. */
function legible(kept: KeptDocument): KeptPolicy | undefined {
  return DatasetPolicy.safeParse(kept.body).success ? keptPolicy(kept) : undefined;
}

async function problemsOf(
  { effects, store, registry }: ControlPlane,
  { urn, policy }: { readonly urn: string; readonly policy: DatasetPolicy },
): Promise<readonly string[]> {
  if (policy.dataset_urn !== urn)
    return [`dataset_urn is ${policy.dataset_urn}, and the address names ${urn}`];
  const { schema_id, contract_id } = policy;
  return checkPolicy(policy, {
    contract: await findContract(effects, contract_id),
    schema: schema_id === undefined || registry === undefined ? 'unasked' : await registry.schema(schema_id),
    hasRegistry: registry !== undefined,
    rules: readResolutionMap(await store.read(RESOLUTION_NAME)).rules,
  });
}

function requireSense(urn: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new ConfigError('POLICY_WRONG', `The policy of ${urn} makes no sense: ${problems.join('; ')}.`, {
    context: { dataset_urn: urn },
  });
}
