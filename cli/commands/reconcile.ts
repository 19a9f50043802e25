import { reconcileCatalog } from '../../etl/stages/reconcile-catalog.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openLakeOf } from '../open-lake.ts';
import { plural } from '../print/format.ts';
import { printable } from '../print/printable.ts';

/** `assay reconcile`: has the catalog follow what is published. */
export const reconcile: Command = {
  name: 'reconcile',
  usage: '[--lake DIR]',
  description: `Moves every table of the catalog to where its dataset's _LATEST.json is, never backwards. On AWS that is the Glue catalog, and the
platform does it by itself after every commit and once an hour: this is for whoever can't wait, after a catalog that
refused. In a folder, the pointers are the catalog, and there is nothing to move. Changes no data.`,
  options: {},
  examples: ['assay reconcile --target aws'],
  positionals: { min: 0, max: 0, name: '' },
  async run(args, io) {
    const { effects } = await openLakeOf(args, io, { changes: true });
    const { tables } = await reconcileCatalog(effects);
    if (args.has('json')) io.out(JSON.stringify({ tables }, null, 2));
    else {
      io.out(
        `${plural(tables.length, 'table')} in the catalog ${tables.length === 1 ? 'is' : 'are'} up to date`,
      );
      for (const table of tables) io.out(printable(`  ${table}`));
    }
    return EXIT.ok;
  },
};
