import path from 'node:path';
import { policyFolder } from '../../adapters/local/stream/policy-folder.ts';
import { messageOf } from '../../etl/errors.ts';
import { cachePolicies } from '../../stream/policy/policy-cache.ts';
import type { PolicyStore } from '../../stream/policy/policy-store.ts';
import type { Policies } from '../../stream/ports.ts';
import type { Args } from '../command.ts';
import type { Io } from '../io.ts';
import type { CommandLake } from '../open-lake.ts';
import { storeOf, urnOf } from '../policies.ts';
import { printable } from '../print/printable.ts';

/**
 * The policies by which a command line has events judged: those of a folder (--policies), else those of the lake; with
 * --dataset, all events of --topic are that dataset's, whatever the resolution map says of the topic.
 */
export async function policiesOf(lake: CommandLake, args: Args, io: Io): Promise<Policies> {
  const folder = args.text('policies');
  const store: Pick<PolicyStore, 'current'> =
    folder === undefined ? await storeOf(lake) : policyFolder(path.resolve(io.cwd, folder));
  // What a person named must be readable; what fails later, the cache lives with.
  if (folder !== undefined) await store.current();
  const cache = cachePolicies({
    store,
    clock: lake.effects.clock,
    onFailure: (error) => io.err(printable(`warning: the policies can't be read now: ${messageOf(error)}`)),
  });
  const [dataset, [topic]] = [args.text('dataset'), args.texts('topic')];
  if (dataset === undefined || topic === undefined) return cache;
  const rule = {
    source_type: 'TOPIC',
    source_value: topic,
    dataset_urn: urnOf(dataset),
    resolution_confidence: 'HIGH',
  } as const;
  return {
    async current() {
      const set = await cache.current();
      const others = set.rules.filter((one) => one.source_type !== 'TOPIC' || one.source_value !== topic);
      return { ...set, rules: [...others, rule] };
    },
  };
}
