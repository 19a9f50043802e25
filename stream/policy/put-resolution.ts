import { canonicalJson } from '../../etl/contract/digest.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { ConfigError } from '../../etl/errors.ts';
import { type ControlPlane, changeDocument } from './change-document.ts';
import { checkResolution } from './check-resolution.ts';
import { datasetOfUrn } from './dataset-urn.ts';
import { type PolicyStore, RESOLUTION_NAME } from './policy-store.ts';
import type { Change } from './put-policy.ts';
import { readPolicies } from './read-policies.ts';
import { type ResolutionMap, readResolutionMap } from './resolution-map.ts';
import type { ResolutionRule } from './resolution-rule.ts';

/** The rules that lead to a dataset, as they are kept. */
export interface KeptResolution {
  readonly rules: readonly ResolutionRule[];
  readonly version: number;
  readonly changedAt: string;
  readonly changedBy: string;
}

/** The rules that lead to a dataset, by its URN; undefined where nobody ever set any. */
export async function readResolution(
  store: Pick<PolicyStore, 'read'>,
  urn: string,
): Promise<KeptResolution | undefined> {
  return keptOf(readResolutionMap(await store.read(RESOLUTION_NAME)), urn);
}

function keptOf({ rules, changed }: ResolutionMap, urn: string): KeptResolution | undefined {
  const last = changed[urn];
  if (last === undefined) return undefined;
  const own = rules.filter(({ dataset_urn }) => dataset_urn === urn);
  return { rules: own, version: last.version, changedAt: last.at, changedBy: last.by };
}

/**
 * Makes rules hold in the place of all that led to a dataset; the same once more change nothing. Throws ConfigError
 * `RESOLUTION_WRONG` with everything that makes no sense in them, beside the rules of other datasets.
 */
export async function putResolution(
  plane: ControlPlane,
  { urn, rules }: { readonly urn: string; readonly rules: readonly ResolutionRule[] },
  { word, require }: Change<KeptResolution>,
): Promise<{ readonly kept: KeptResolution; readonly isNew: boolean }> {
  const { effects, store } = plane;
  const dataset = datasetOfUrn(urn);
  let was: KeptResolution | undefined;
  const kept = await changeDocument(plane, {
    name: RESOLUTION_NAME,
    word,
    async next(now) {
      const map = readResolutionMap(now);
      was = keptOf(map, urn);
      await require?.(was);
      const others = map.rules.filter(({ dataset_urn }) => dataset_urn !== urn);
      requireSense(urn, [
        ...(await datasetProblems(effects, dataset)),
        ...checkResolution(rules, { urn, others, republishTopics: await republishTopics(store) }),
      ]);
      const isSame = was !== undefined && canonicalJson(was.rules) === canonicalJson(rules);
      const last = { version: (was?.version ?? 0) + 1, at: effects.clock.now().toISOString(), by: word.by };
      const next = { ...map, rules: [...others, ...rules], changed: { ...map.changed, [urn]: last } };
      const details = { was: was?.rules ?? null, now: rules };
      return { body: isSame ? map : next, kind: 'resolution-set', dataset, details };
    },
  });
  const found = keptOf(readResolutionMap(kept), urn);
  if (found === undefined) throw new RangeError(`The rules of ${urn} were kept, and are not there.`);
  return { kept: found, isNew: was === undefined };
}

async function datasetProblems(effects: ControlPlane['effects'], dataset: string): Promise<string[]> {
  const contract = (await loadContracts(effects.contracts)).contracts.get(dataset);
  if (contract === undefined) return [`there is no contract of ${dataset} that can be used`];
  if (contract.layer === 'silver') return [];
  return [
    `${dataset} is a ${contract.layer === 'gold' ? 'Gold table' : 'projection'}: no events come for it`,
  ];
}

/** Topics that policies send events on to. */
async function republishTopics(store: PolicyStore): Promise<ReadonlySet<string>> {
  const { policies } = await readPolicies(store);
  return new Set([...policies.values()].flatMap(({ policy }) => policy.republish_topic ?? []));
}

function requireSense(urn: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new ConfigError('RESOLUTION_WRONG', `The rules of ${urn} make no sense: ${problems.join('; ')}.`, {
    context: { dataset_urn: urn },
  });
}
