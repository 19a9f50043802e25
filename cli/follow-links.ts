import type { Links } from '../adapters/local/plain-file.ts';
import type { Args } from './command.ts';

/** The option of commands that take source files. */
export const LINK_OPTION = {
  'follow-links': { type: 'boolean', help: 'take links for the files and folders that they lead to' },
} as const;

/** What the option says. */
export function linksOf(args: Args): Links {
  return args.has('follow-links') ? 'follow' : 'refuse';
}
