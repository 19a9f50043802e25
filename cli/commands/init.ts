import { initLake } from '../../adapters/local/lake.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { locations, nextCommand, shownPath } from '../locations.ts';

/** `assay init`: makes a folder a lake. */
export const init: Command = {
  name: 'init',
  usage: '[--lake DIR]',
  description: `Makes a folder a lake, creating it where it is missing. A lake that is there already stays as it is.
Everything that Assay keeps is in this folder: source files (bronze), tables (silver, gold, quarantine, condemned)
and what it knows of its runs (ops). Remove the folder, and nothing is left.`,
  options: {},
  examples: ['assay init', 'assay init --lake /data/lake'],
  positionals: { min: 0, max: 0, name: '' },
  localOnly: 'a platform on AWS is made by deploying it (docs/deploy.md).',
  async run(args, io) {
    const { lakeDir } = locations(args, io);
    const { root, created } = await initLake(lakeDir);
    if (args.has('json')) {
      io.out(JSON.stringify({ lake: root, created }, null, 2));
      return EXIT.ok;
    }
    io.out(
      created
        ? `Made ${shownPath(root, io)} a lake.`
        : `${shownPath(root, io)} is a lake already; nothing changed.`,
    );
    io.out(`Next: ${nextCommand(args, io, 'ingest FILE… --dataset <domain>.<name>')}`);
    return EXIT.ok;
  },
};
