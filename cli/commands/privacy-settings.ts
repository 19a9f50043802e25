import { changePrivacySettings, readPrivacySettings } from '../../etl/personal/forgetting/settings.ts';
import type { Args, Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { WORD_OPTIONS, wordOf } from '../identity.ts';
import { openLakeOf } from '../open-lake.ts';
import { plural } from '../print/format.ts';
import { usageError } from '../usage-error.ts';

/** `assay privacy settings`: how people are forgotten in a lake. */
export const privacySettings: Command = {
  name: 'privacy settings',
  usage: '[--persons 1|2] [--remember YEARS] [--reason TEXT] [--by NAME] [--lake DIR]',
  description: `Shows how people are forgotten in this lake, or changes it: how many people it takes (two, unless somebody sets one), and for
how many years records of somebody forgotten are known when they come again (ten). A change is kept in ops.decisions.`,
  options: {
    persons: { type: 'string', value: 'N', choices: ['1', '2'], help: 'how many people a forgetting takes' },
    remember: {
      type: 'string',
      value: 'YEARS',
      help: 'for how many years a forgetting is remembered, 1 to 100',
    },
    ...WORD_OPTIONS,
  },
  examples: [
    'assay privacy settings',
    'assay privacy settings --persons 1 --reason "there is but one of us"',
  ],
  positionals: { min: 0, max: 0, name: '' },
  async run(args, io) {
    const changes = changesOf(args);
    const isChange = Object.keys(changes).length > 0;
    const { effects } = await openLakeOf(args, io, { changes: isChange });
    const { persons, rememberYears } = isChange
      ? await changePrivacySettings(effects, changes, wordOf(args, io))
      : await readPrivacySettings(effects);
    if (args.has('json')) io.out(JSON.stringify({ persons, rememberYears }, null, 2));
    else
      io.out(
        `A forgetting takes ${persons === 1 ? 'one person' : 'two persons: one asks, another approves'}, and is remembered for ${plural(rememberYears, 'year')}.`,
      );
    return EXIT.ok;
  },
};

function changesOf(args: Args): Parameters<typeof changePrivacySettings>[1] {
  const [persons, remember] = [args.text('persons'), args.text('remember')];
  if (persons !== undefined && persons !== '1' && persons !== '2')
    throw usageError(`--persons ${persons} is not possible: write 1 or 2.`);
  if (remember !== undefined && !/^([1-9]\d?|100)$/.test(remember))
    throw usageError(`--remember ${remember} is no number of years: write 1 to 100.`);
  return {
    ...(persons === undefined ? {} : { persons: persons === '1' ? 1 : 2 }),
    ...(remember === undefined ? {} : { rememberYears: Number(remember) }),
  };
}
