import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileContractSource } from '../../adapters/local/contract-source.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { requireEvents } from '../../etl/projecting/projection-code.ts';
import { typesText } from '../../etl/projecting/types-text.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { locations, shownPath } from '../locations.ts';
import { requireProjection } from '../project/refresh.ts';

/** `assay contracts types`: TypeScript's types of what projections' code is given. */
export const contractsTypes: Command = {
  name: 'contracts types',
  usage: '[NAME…] [--contracts DIR] [--projections DIR]',
  description: `Writes, for each projection that has code, or for those named, the types of its events and rows as TypeScript:
projections/<domain>/<name>.types.ts, beside the code. Write them again when a contract changes.`,
  options: {},
  examples: ['assay contracts types', 'assay contracts types shop.carts'],
  positionals: { min: 0, max: 100, name: 'NAME' },
  localOnly: 'it writes files on this machine.',
  async run(args, io) {
    const places = locations(args, io);
    const loaded = await loadContracts(fileContractSource(places));
    const all = [...loaded.contracts.values()].flatMap((one) =>
      one.layer === 'projection' && one.fold.kind === 'code' ? [one] : [],
    );
    const named = args.positionals.map((name) => requireProjection(loaded, name));
    const written: string[] = [];
    for (const contract of named.length === 0 ? all : named) {
      const file = path.join(places.projectionsDir, contract.domain, `${contract.name}.types.ts`);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, typesText(contract, requireEvents(loaded, contract)));
      written.push(shownPath(file, io));
    }
    if (args.has('json')) io.out(JSON.stringify({ written }, null, 2));
    else
      io.out(
        written.length === 0 ? 'No projection has code: nothing to write.' : `Wrote ${written.join(', ')}.`,
      );
    return EXIT.ok;
  },
};
