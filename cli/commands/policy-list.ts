import { readPolicies } from '../../stream/policy/read-policies.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openControlPlane } from '../policies.ts';
import { printable } from '../print/printable.ts';
import { table } from '../print/table.ts';

/** `assay policy list`: every dataset whose events have a policy, and where they come from. */
export const policyList: Command = {
  name: 'policy list',
  usage: '[--lake DIR]',
  description: `Lists the datasets whose events have a policy: what follows where an event fails, by which contract, whose it is, and where its
events come from.`,
  options: {},
  examples: ['assay policy list', 'assay policy list --json'],
  positionals: { min: 0, max: 0, name: '' },
  async run(args, io) {
    const { store } = await openControlPlane(args, io, { changes: false });
    const { policies, rules, broken } = await readPolicies(store);
    const urns = [...new Set([...policies.keys(), ...rules.map(({ dataset_urn }) => dataset_urn)])].sort();
    const all = urns.map((urn) => {
      const { policy, version } = policies.get(urn) ?? {};
      const own = rules.filter(({ dataset_urn }) => dataset_urn === urn);
      return { dataset_urn: urn, version: version ?? null, policy: policy ?? null, rules: own };
    });
    if (args.has('json'))
      io.out(JSON.stringify({ policies: all, broken: Object.fromEntries(broken) }, null, 2));
    else {
      const rows = all.map(({ dataset_urn, version, policy, rules: own }) => [
        dataset_urn,
        String(version ?? '-'),
        policy?.enforcement_mode ?? 'no policy',
        policy?.contract_id ?? '-',
        policy?.owners.join(', ') ?? '-',
        own.map(({ source_type, source_value }) => `${source_type} ${source_value}`).join(', ') || '-',
      ]);
      io.out(
        rows.length === 0
          ? 'No dataset has a policy: assay policy set makes the first.'
          : table(
              ['dataset', 'version', 'mode', 'contract', 'owners', 'from'].map((name) => ({ name })),
              rows,
            ),
      );
    }
    for (const [name, why] of broken) io.err(printable(`warning: ${name} can't be read: ${why}`));
    return EXIT.ok;
  },
};
