import path from 'node:path';
import { fileContractSource } from '../../adapters/local/contract-source.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { didYouMean } from '../../etl/contract/nearest.ts';
import type { EventContract } from '../../etl/eventstore/event-order.ts';
import { proposeProjection } from '../../etl/projecting/propose-projection.ts';
import type { Args, Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { locations, nextCommand, shownPath } from '../locations.ts';
import { runCommand } from '../new/run-command.ts';
import { usageError } from '../usage-error.ts';
import { contractsCheck } from './contracts-check.ts';
import { datasetName, writeNew } from './contracts-infer.ts';
import { contractsTypes } from './contracts-types.ts';

/** `assay new projection`: a projection to start from. */
export const newProjection: Command = {
  name: 'new projection',
  usage: 'NAME [--from D] [--owner NAME] [--purpose TEXT]',
  description: `Writes a projection to start from, which counts the events of each stream: its contract, contracts/<domain>/<name>.yaml; its
code, projections/<domain>/<name>.mjs, with its types; and a test of that, which 'node --test projections' runs as it is. Checks
both. The next run of the dataset makes the table, and 'assay project NAME' makes it at once.`,
  options: {
    from: {
      type: 'string',
      value: 'D',
      help: 'the event dataset that it is folded from (default: the only one of the domain)',
    },
    owner: {
      type: 'string',
      value: 'NAME',
      help: 'the team that is responsible for it (default: the owner of the dataset)',
    },
    purpose: { type: 'string', value: 'TEXT', help: 'what it is for, in a sentence' },
  },
  examples: ['assay new projection shop.carts --from shop.cart_events'],
  positionals: { min: 1, max: 1, name: 'NAME' },
  localOnly: 'it makes files on this machine; deploy them afterwards (docs/deploy.md).',
  async run(args, io) {
    const [given = ''] = args.positionals;
    const { domain, name } = datasetName(given, '');
    const { contractsDir, projectionsDir } = locations(args, io);
    const source = await sourceOf(args, io, domain);
    const owner = args.text('owner') ?? source.owner;
    const purpose =
      args.text('purpose') ?? `What became of each ${source.events.stream} of ${source.dataset}.`;
    const { yaml, code, test } = proposeProjection(source, { domain, name, owner, purpose });
    const contract = path.join(contractsDir, domain, `${name}.yaml`);
    const files = [
      { file: path.join(projectionsDir, domain, `${name}.mjs`), text: code },
      { file: path.join(projectionsDir, domain, `${name}.test.mjs`), text: test },
      { file: contract, text: yaml },
    ];
    for (const { file, text } of files) await writeNew(file, shownPath(file, io), text);
    await runCommand(contractsTypes, [given], { args, io, isQuiet: true });
    const checked = await runCommand(contractsCheck, [], { args, io });
    const shown = files.map(({ file }) => shownPath(file, io));
    if (args.has('json')) {
      const [codeFile, testFile, contractFile] = shown;
      const made = {
        projection: given,
        contract: contractFile,
        code: codeFile,
        test: testFile,
        from: source.dataset,
      };
      io.out(JSON.stringify(made, null, 2));
      return checked;
    }
    io.out(`Wrote ${shown.join(', ')}, and the types beside the code.`);
    if (checked !== EXIT.ok) return checked;
    io.out(`Next: ${nextCommand(args, io, `project ${given}`)}`);
    return checked;
  },
};

/** The event dataset that is folded: the one that was named, or the only one of its domain. */
async function sourceOf(args: Args, io: Io, domain: string): Promise<EventContract> {
  const { contracts } = await loadContracts(fileContractSource(locations(args, io)));
  const sources = [...contracts.values()].flatMap((one): EventContract[] =>
    one.layer === 'silver' && one.events !== undefined ? [{ ...one, events: one.events }] : [],
  );
  const names = sources.map(({ dataset }) => dataset);
  const from = args.text('from');
  const near = sources.filter((one) => (from === undefined ? one.domain === domain : one.dataset === from));
  const [only, ...more] = near;
  if (only !== undefined && more.length === 0) return only;
  const list =
    names.length === 0
      ? 'there is none yet: write assay.events in the contract of one (docs/contracts.md#events)'
      : `there are ${names.join(', ')}`;
  if (from !== undefined)
    throw usageError(`--from ${from} is no dataset of events${didYouMean(from, names)}: ${list}.`);
  throw usageError(`--from is missing: say which dataset of events it is folded from; ${list}.`);
}
