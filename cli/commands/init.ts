import { initLake } from '../../adapters/local/lake.ts';
import { SHARES, type Share } from '../../adapters/local/lake-modes.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { locations, nextCommand, shownPath } from '../locations.ts';
import { usageError } from '../usage-error.ts';

/** `assay init`: makes a folder a lake. */
export const init: Command = {
  name: 'init',
  usage: '[--share group|nobody] [--lake DIR]',
  description: `Makes a folder a lake, creating it where it is missing. A lake that is there already stays as it is.
Everything that Assay keeps is in this folder: source files (bronze), tables (silver, gold, quarantine, condemned)
and what it knows of its runs (ops). Remove the folder, and nothing is left.
Only its owner may read it. With --share group, the group of the folder may read and write it, too; given for a lake that
is there, --share changes who may, for all of its files.`,
  options: {
    share: { type: 'string', value: 'WHOM', choices: SHARES, help: 'group, or nobody (the default)' },
  },
  examples: ['assay init', 'assay init --lake /data/lake'],
  positionals: { min: 0, max: 0, name: '' },
  localOnly: 'a platform on AWS is made by deploying it (docs/deploy.md).',
  async run(args, io) {
    const { lakeDir } = locations(args, io);
    const share = shareOf(args.text('share'));
    const { root, created } = await initLake(lakeDir, undefined, share);
    if (args.has('json')) {
      io.out(JSON.stringify({ lake: root, created }, null, 2));
      return EXIT.ok;
    }
    io.out(
      created
        ? `Made ${shownPath(root, io)} a lake.`
        : share === undefined
          ? `${shownPath(root, io)} is a lake already; nothing changed.`
          : `${shownPath(root, io)} is a lake already; it is shared with ${share === 'group' ? 'its group' : 'nobody'} now.`,
    );
    io.out(`Next: ${nextCommand(args, io, 'ingest FILE… --dataset <domain>.<name>')}`);
    return EXIT.ok;
  },
};

function shareOf(text: string | undefined): Share | undefined {
  const share = SHARES.find((one) => one === text);
  if (text === undefined || share !== undefined) return share;
  throw usageError(`--share ${text} is unknown: write ${SHARES.join(' or ')}.`);
}
