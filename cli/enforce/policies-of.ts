import path from 'node:path';
import { policyFolder } from '../../adapters/local/stream/policy-folder.ts';
import { messageOf } from '../../etl/errors.ts';
import { cachePolicies } from '../../stream/policy/policy-cache.ts';
import { effectivePolicy, type PolicySet } from '../../stream/policy/policy-set.ts';
import type { PolicyStore } from '../../stream/policy/policy-store.ts';
import type { Policies } from '../../stream/ports.ts';
import type { Args } from '../command.ts';
import type { Io } from '../io.ts';
import type { CommandLake } from '../open-lake.ts';
import { storeOf, urnOf } from '../policies.ts';
import { type EnforcerLog, enforcerLog } from './log.ts';

/** Policies, and what is known of how they are asked for. */
export interface KnownPolicies extends Policies {
  /** What was given last; undefined before anybody asked. */
  last(): PolicySet | undefined;
  /** Questions that were answered without waiting for the store, and those that were not. */
  counts(): { readonly hits: number; readonly misses: number };
}

/**
 * The policies by which a command line has events judged: those of a folder (--policies), else those of the lake; with
 * --dataset, all events of --topic are that dataset's, whatever the resolution map says of the topic.
 */
export async function policiesOf(
  lake: CommandLake,
  args: Args,
  {
    io,
    log = enforcerLog(io, false, () => lake.effects.clock.now()),
  }: { readonly io: Io; readonly log?: EnforcerLog },
): Promise<KnownPolicies> {
  const folder = args.text('policies');
  const store: Pick<PolicyStore, 'current'> =
    folder === undefined ? await storeOf(lake) : policyFolder(path.resolve(io.cwd, folder));
  // What a person named must be readable; what fails later, the cache lives with.
  if (folder !== undefined) await store.current();
  const cache = cachePolicies({
    store,
    clock: lake.effects.clock,
    onFailure: (error) => log.say('warn', `the policies can't be read now: ${messageOf(error)}`),
  });
  const [dataset, [topic]] = [args.text('dataset'), args.texts('topic')];
  const withRule = dataset === undefined || topic === undefined ? undefined : ruleFor(dataset, topic);
  let last: PolicySet | undefined;
  return {
    async current() {
      const set = await cache.current();
      last = withRule === undefined ? set : withRule(set);
      return last;
    },
    last: () => last,
    counts: () => cache.counts(),
  };
}

/** Has all events of a topic be of a dataset. */
function ruleFor(dataset: string, topic: string): (set: PolicySet) => PolicySet {
  const rule = {
    source_type: 'TOPIC',
    source_value: topic,
    dataset_urn: urnOf(dataset),
    resolution_confidence: 'HIGH',
  } as const;
  return (set) => {
    const others = set.rules.filter((one) => one.source_type !== 'TOPIC' || one.source_value !== topic);
    return { ...set, rules: [...others, rule] };
  };
}

/** The datasets that topics lead to, each with the tier of its policy, or NONE. */
export function topicsOf(
  set: PolicySet | undefined,
): readonly { readonly topic: string; readonly dataset: string; readonly tier: string }[] {
  if (set === undefined) return [];
  return set.rules.flatMap(({ source_type, source_value, dataset_urn }) =>
    source_type === 'TOPIC'
      ? [
          {
            topic: source_value,
            dataset: dataset_urn,
            tier: effectivePolicy(set, dataset_urn).policy.tier ?? 'NONE',
          },
        ]
      : [],
  );
}
