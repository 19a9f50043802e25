import { ConfigError } from '../../etl/errors.ts';
import { datasetOfUrn } from '../../stream/policy/dataset-urn.ts';
import { policyName } from '../../stream/policy/policy-store.ts';
import { readPolicy } from '../../stream/policy/put-policy.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openControlPlane, urnOf } from '../policies.ts';
import { table } from '../print/table.ts';

/** `assay policy get`: the policy of a dataset, or all it ever was. */
export const policyGet: Command = {
  name: 'policy get',
  usage: 'DATASET [--history]',
  description: `Prints the policy by which the events of a dataset are checked, as JSON that 'policy set' takes. With --history: who changed it
when and why, newest first.`,
  options: { history: { type: 'boolean', help: 'every version, with who made it and why' } },
  examples: ['assay policy get orders.created', 'assay policy get orders.created --history --json'],
  positionals: { min: 1, max: 1, name: 'DATASET' },
  async run(args, io) {
    const urn = urnOf(args.positionals[0] ?? '');
    const { store } = await openControlPlane(args, io, { changes: false });
    if (args.has('history')) {
      const versions = await store.history(policyName(datasetOfUrn(urn)));
      if (args.has('json')) io.out(JSON.stringify(versions, null, 2));
      else
        io.out(
          table(
            [{ name: 'version', align: 'right' }, { name: 'when' }, { name: 'who' }, { name: 'why' }],
            versions.map(({ version, at, by, reason }) => [String(version), at, by, reason]),
          ),
        );
      return EXIT.ok;
    }
    const kept = await readPolicy(store, urn);
    if (kept === undefined)
      throw new ConfigError(
        'NO_POLICY',
        `${urn} has no policy: its events are judged, and only alerted of. Set one: assay policy set ${datasetOfUrn(urn)} --file FILE --reason TEXT`,
      );
    const { policy, version, changedAt, changedBy } = kept;
    const answer = { dataset_urn: urn, version, changed_at: changedAt, changed_by: changedBy, policy };
    io.out(JSON.stringify(args.has('json') ? answer : policy, null, 2));
    return EXIT.ok;
  },
};
