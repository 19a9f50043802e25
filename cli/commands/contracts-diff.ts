import { type ContractComparison, compareContracts } from '../../etl/contract/compare-contracts.ts';
import {
  REGISTRY_MODES,
  type RegistryVerdicts,
  registryVerdicts,
} from '../../etl/contract/registry-modes.ts';
import type { Command } from '../command.ts';
import { readContractFile } from '../contract-file.ts';
import { EXIT } from '../exit-codes.ts';
import { plural } from '../print/format.ts';
import { printableLines } from '../print/printable.ts';
import { table } from '../print/table.ts';

/** `assay contracts diff`: whether a new version of a contract is compatible, and why. */
export const contractsDiff: Command = {
  name: 'contracts diff',
  usage: 'OLD NEW',
  description: `Compares two versions of a contract: what is breaking, since source systems or readers that were right before may now fail;
what is additive; and what neither notices. Of events it says whether the versions may follow one another by each mode of
a schema registry: BACKWARD, records of the old version pass by the new one; FORWARD, the reverse. Needs no lake. Exits with 2 where a change is breaking and the major
version wasn't raised.`,
  options: {},
  examples: ['assay contracts diff old/council_payments.yaml contracts/spend/council_payments.yaml'],
  positionals: { min: 2, max: 2, name: 'OLD NEW' },
  localOnly: 'it works on this machine alone.',
  async run(args, io) {
    const [oldName = '', newName = ''] = args.positionals;
    const [old, next] = [await readContractFile(oldName, io), await readContractFile(newName, io)];
    const comparison = compareContracts(old, next);
    const head = { dataset: next.dataset, from: old.version, to: next.version };
    const modes = registryVerdicts(old, next);
    if (args.has('json')) io.out(JSON.stringify({ ...head, ...comparison, modes }, null, 2));
    else {
      io.out(
        printableLines(`${next.dataset}, ${old.version} → ${next.version}: ${comparisonText(comparison)}`),
      );
      io.out(printableLines(modesText(modes)));
    }
    return comparison.needsMajor ? EXIT.usage : EXIT.ok;
  },
};

/** What registries would say, for people: the modes that hold, and why the others don't. */
function modesText(modes: RegistryVerdicts): string {
  const holding = REGISTRY_MODES.filter((mode) => modes[mode].compatible);
  const why = modes.FULL.because.map((one) => `  ${one}`);
  return [`\nBy a registry's modes: ${holding.join(', ')}`, ...why].join('\n');
}

/** What a comparison found, for people: the verdict, and each change. */
export function comparisonText({ compatible, needsMajor, changes }: ContractComparison): string {
  const breaking = plural(changes.filter(({ kind }) => kind === 'breaking').length, 'breaking change');
  const verdict = compatible
    ? 'compatible'
    : needsMajor
      ? `BREAKING: ${breaking}, and the major version wasn't raised`
      : `${breaking}, and the major version was raised`;
  if (changes.length === 0) return `${verdict}; nothing changed`;
  const order = ['breaking', 'additive', 'neutral'];
  const sorted = [...changes].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  const rows = sorted.map(({ kind, path, message }) => [kind, path, message]);
  return `${verdict}\n\n${table([{ name: 'change' }, { name: 'where' }, { name: 'what' }], rows, { maxCell: 110 })}`;
}
