import path from 'node:path';
import { fileContractSource } from '../../adapters/local/contract-source.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { type EventContract, isOfEvents } from '../../etl/eventstore/event-order.ts';
import { proposeProjection } from '../../etl/projecting/propose-projection.ts';
import type { Args, Command } from '../command.ts';
import type { Io } from '../io.ts';
import { locations } from '../locations.ts';
import { chooseSource } from '../new/choose-source.ts';
import { runCommand } from '../new/run-command.ts';
import { writeTable } from '../new/write-table.ts';
import { datasetName } from './contracts-infer.ts';
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
    return await writeTable(
      {
        files: [
          { file: path.join(projectionsDir, domain, `${name}.mjs`), text: code },
          { file: path.join(projectionsDir, domain, `${name}.test.mjs`), text: test },
          { file: path.join(contractsDir, domain, `${name}.yaml`), text: yaml },
        ],
        beside: ', and the types beside the code',
        finish: () => runCommand(contractsTypes, [given], { args, io, isQuiet: true }),
        next: [`project ${given}`],
        json: ([codeFile, testFile, contract]) => ({
          projection: given,
          ...{ contract, code: codeFile, test: testFile },
          from: source.dataset,
        }),
      },
      { args, io },
    );
  },
};

/** The event dataset that is folded: the one that was named, or the only one of its domain. */
async function sourceOf(args: Args, io: Io, domain: string): Promise<EventContract> {
  const { contracts } = await loadContracts(fileContractSource(locations(args, io)));
  const all = [...contracts.values()].flatMap((one): EventContract[] =>
    one.layer === 'silver' && isOfEvents(one) ? [one] : [],
  );
  return chooseSource(
    {
      all,
      kind: 'dataset of events',
      relation: 'folded from',
      none: 'there is none yet: write assay.events in the contract of one (docs/contracts.md#events)',
    },
    { from: args.text('from'), domain },
  );
}
