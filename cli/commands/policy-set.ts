import { DatasetPolicy } from '../../stream/policy/dataset-policy.ts';
import { putPolicy } from '../../stream/policy/put-policy.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { WORD_OPTIONS, wordOf } from '../identity.ts';
import { openControlPlane, readShaped, urnOf } from '../policies.ts';
import { REGISTRY_OPTION } from '../schema-registry.ts';
import { usageError } from '../usage-error.ts';

/** `assay policy set`: makes a policy hold for a dataset's events. */
export const policySet: Command = {
  name: 'policy set',
  usage: 'DATASET --file F --reason TEXT [--by NAME] [--schema-registry WHERE]',
  description: `Makes a policy hold for the events of a dataset: enforcers follow it within a minute. The file is JSON or YAML, - for stdin.
What was before is kept, with who changed it and why. The same policy once more changes nothing.`,
  options: {
    file: { type: 'string', value: 'F', help: 'the whole policy, in JSON or YAML; - for stdin' },
    ...REGISTRY_OPTION,
    ...WORD_OPTIONS,
  },
  examples: ['assay policy set orders.created --file orders-policy.yaml --reason "first policy"'],
  positionals: { min: 1, max: 1, name: 'DATASET' },
  async run(args, io) {
    const urn = urnOf(args.positionals[0] ?? '');
    const file = args.text('file');
    if (file === undefined) throw usageError('--file is missing: name the file with the policy.');
    const word = wordOf(args, io);
    const policy = await readShaped(file, DatasetPolicy, io);
    const plane = await openControlPlane(args, io, { changes: true });
    const { kept, isNew } = await putPolicy(plane, { urn, policy }, { word });
    if (args.has('json'))
      io.out(
        JSON.stringify({ dataset_urn: urn, version: kept.version, isNew, policy: kept.policy }, null, 2),
      );
    else
      io.out(
        `The policy of ${urn} is version ${kept.version}: ${kept.policy.enforcement_mode}, by ${kept.policy.contract_id}.`,
      );
    return EXIT.ok;
  },
};
