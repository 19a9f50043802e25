import { loadContracts } from '../../etl/contract/load-contracts.ts';
import type { Effects } from '../../etl/ports.ts';
import { datasetOfUrn } from '../../stream/policy/dataset-urn.ts';
import type { PolicySet } from '../../stream/policy/policy-set.ts';

/**
 * Datasets with a contract that events of topics may be of, by the rules that lead to them: an earlier process may have
 * landed events of these, and have died before it ran them. A rule that names no topic may lead there from any.
 */
export async function datasetsOfTopics(
  { contracts }: Pick<Effects, 'contracts'>,
  { rules }: Pick<PolicySet, 'rules'>,
  topics: readonly string[],
): Promise<readonly string[]> {
  const known = (await loadContracts(contracts)).contracts;
  const led = rules
    .filter((rule) => rule.source_type !== 'TOPIC' || topics.includes(rule.source_value))
    .map((rule) => datasetOfUrn(rule.dataset_urn));
  return [...new Set(led)].filter((dataset) => known.has(dataset)).sort();
}
