import { ConfigError } from '../../etl/errors.ts';
import { putResolution, readResolution } from '../../stream/policy/put-resolution.ts';
import { Resolution } from '../../stream/policy/resolution-rule.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { WORD_OPTIONS, wordOf } from '../identity.ts';
import { openControlPlane, readShaped, urnOf } from '../policies.ts';
import { plural } from '../print/format.ts';

/** `assay policy resolution`: the rules by which events are found to be of a dataset. */
export const policyResolution: Command = {
  name: 'policy resolution',
  usage: 'DATASET [--file F --reason TEXT [--by NAME]]',
  description: `Prints the rules by which events are found to be of a dataset, as JSON. With --file, puts those of the file in their place:
{"rules": [{"source_type": "TOPIC", "source_value": "raw.orders.events", "dataset_urn": "urn:dp:orders:created",
"resolution_confidence": "HIGH"}]}. A source that leads to another dataset already is refused.`,
  options: {
    file: { type: 'string', value: 'F', help: 'all rules of the dataset, in JSON or YAML; - for stdin' },
    ...WORD_OPTIONS,
  },
  examples: [
    'assay policy resolution orders.created',
    'assay policy resolution orders.created --file orders-rules.yaml --reason "the topic is theirs"',
  ],
  positionals: { min: 1, max: 1, name: 'DATASET' },
  async run(args, io) {
    const urn = urnOf(args.positionals[0] ?? '');
    const file = args.text('file');
    if (file === undefined) {
      const { store } = await openControlPlane(args, io, { changes: false });
      const kept = await readResolution(store, urn);
      if (kept === undefined) throw new ConfigError('NO_RESOLUTION', `No rules lead to ${urn}.`);
      const { rules, version } = kept;
      io.out(JSON.stringify(args.has('json') ? { dataset_urn: urn, version, rules } : { rules }, null, 2));
      return EXIT.ok;
    }
    const word = wordOf(args, io);
    const { rules } = await readShaped(file, Resolution, io);
    const plane = await openControlPlane(args, io, { changes: true });
    const { kept } = await putResolution(plane, { urn, rules }, { word });
    if (args.has('json'))
      io.out(JSON.stringify({ dataset_urn: urn, version: kept.version, rules: kept.rules }, null, 2));
    else io.out(`${plural(kept.rules.length, 'rule')} for ${urn}, as version ${kept.version}.`);
    return EXIT.ok;
  },
};
