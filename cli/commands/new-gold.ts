import path from 'node:path';
import { fileContractSource } from '../../adapters/local/contract-source.ts';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { proposeGold } from '../../etl/gold/propose-gold.ts';
import type { Args, Command } from '../command.ts';
import type { Io } from '../io.ts';
import { locations } from '../locations.ts';
import { ask } from '../new/ask.ts';
import { chooseSource } from '../new/choose-source.ts';
import { writeTable } from '../new/write-table.ts';
import { datasetName } from './contracts-infer.ts';

/** `assay new gold`: a Gold table to start from. */
export const newGold: Command = {
  name: 'new gold',
  usage: 'NAME [--from D] [--by COLUMNS] [--owner NAME] [--purpose TEXT]',
  description: `Writes a Gold table to start from: its contract, contracts/<domain>/<name>.yaml, and its SQL, sql/gold/<domain>/<name>.sql,
which counts the records of a dataset in each month and sums its measures, by the columns that you name; and checks both.
A measure that has a currency beside it is summed where that column is among --by: pounds and euros are never added up.
The next run of the dataset computes the table, also where no file is pending.`,
  options: {
    from: {
      type: 'string',
      value: 'D',
      help: 'the dataset that it is made from (default: the only one of the domain)',
    },
    by: {
      type: 'string',
      value: 'COLUMNS',
      help: 'required columns with a row each in a month, e.g. currency,state',
    },
    owner: {
      type: 'string',
      value: 'NAME',
      help: 'the team that is responsible for it (default: the owner of the dataset)',
    },
    purpose: { type: 'string', value: 'TEXT', help: 'what it is for, in a sentence' },
  },
  examples: ['assay new gold shop.monthly_sales --from shop.orders --by currency'],
  positionals: { min: 1, max: 1, name: 'NAME' },
  localOnly: 'it makes files on this machine; deploy them afterwards (docs/deploy.md).',
  async run(args, io) {
    const [given = ''] = args.positionals;
    const { domain, name } = datasetName(given, '');
    const { contractsDir, sqlDir } = locations(args, io);
    const source = await sourceOf(args, io, domain);
    const purpose = await purposeOf(args, io, source);
    const by = (args.text('by') ?? '').split(/[\s,]+/).filter((part) => part !== '');
    const owner = args.text('owner') ?? source.owner;
    const { yaml, sql } = proposeGold(source, { domain, name, by, owner, purpose });
    return await writeTable(
      {
        files: [
          { file: path.join(sqlDir, domain, `${name}.sql`), text: sql },
          { file: path.join(contractsDir, domain, `${name}.yaml`), text: yaml },
        ],
        next: [`run --dataset ${source.dataset}`, `report ${given}`],
        json: ([sqlFile, contract]) => ({ dataset: given, contract, sql: sqlFile, from: source.dataset }),
      },
      { args, io },
    );
  },
};

/** The dataset that a Gold table is made of: the one that was named, or the only one of its domain. */
async function sourceOf(args: Args, io: Io, domain: string): Promise<SourceContract> {
  const { contracts } = await loadContracts(fileContractSource(locations(args, io)));
  const all = [...contracts.values()].flatMap((one) => (one.layer === 'silver' ? [one] : []));
  const none = 'there is none yet: assay new dataset FILE… makes one';
  return chooseSource(
    { all, kind: 'dataset', relation: 'made of', none },
    { from: args.text('from'), domain },
  );
}

async function purposeOf(args: Args, io: Io, { dataset }: SourceContract): Promise<string> {
  const given = args.text('purpose');
  const otherwise = `Records and sums of ${dataset} in each month.`;
  if (given !== undefined || args.has('json') || io.openLines === undefined) return given ?? otherwise;
  const lines = io.openLines();
  try {
    return await ask(lines, { text: 'What is it for, in a sentence', otherwise }, io.out);
  } finally {
    lines.close();
  }
}
