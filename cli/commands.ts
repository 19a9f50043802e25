import type { CommandEntry } from './command.ts';
import { CONTRACTS } from './command-lists/contract-commands.ts';
import { DAILY } from './command-lists/daily-commands.ts';
import { EVENTS } from './command-lists/event-commands.ts';
import { LOOKING } from './command-lists/looking-commands.ts';
import { PRIVACY } from './command-lists/privacy-commands.ts';
import { QUARANTINE } from './command-lists/quarantine-commands.ts';
import { TABLES } from './command-lists/table-commands.ts';

/** Every command, in the order in which a newcomer meets them. */
export const COMMANDS: readonly CommandEntry[] = [
  ...DAILY,
  ...QUARANTINE,
  ...PRIVACY,
  ...EVENTS,
  ...TABLES,
  ...LOOKING,
  ...CONTRACTS,
  {
    name: 'completion',
    summary: 'print a script that completes commands in the shell',
    load: async () => (await import('./commands/completion.ts')).completionOf(COMMANDS),
  },
];
