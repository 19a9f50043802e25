import type { Command, CommandEntry } from '../command.ts';
import { bashScript } from '../completion/bash.ts';
import { fishScript } from '../completion/fish.ts';
import { knownCommands } from '../completion/known-words.ts';
import { zshScript } from '../completion/zsh.ts';
import { EXIT } from '../exit-codes.ts';
import { usageError } from '../usage-error.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript };

/** `assay completion`: has a shell complete these commands, their options and datasets. */
export const completionOf = (commands: readonly CommandEntry[]): Command => ({
  name: 'completion',
  usage: 'bash|zsh|fish',
  description: `Prints a script that has a shell complete commands, options, datasets and files by the tab key.
bash: add  eval "$(assay completion bash)"  to ~/.bashrc
zsh:  add  eval "$(assay completion zsh)"  to ~/.zshrc, behind compinit
fish: assay completion fish > ~/.config/fish/completions/assay.fish
It completes the word assay: in a clone, 'npm link' gives you one. Datasets are those of ./contracts, or of --contracts.`,
  options: {},
  examples: [
    'eval "$(assay completion bash)"',
    'assay completion fish > ~/.config/fish/completions/assay.fish',
  ],
  positionals: { min: 1, max: 1, name: 'SHELL' },
  localOnly: 'it is about the shell on this machine.',
  async run(args, io) {
    const [shell = ''] = args.positionals;
    const script = Object.entries(SCRIPTS).find(([name]) => name === shell)?.[1];
    if (script === undefined) throw usageError(`${shell} is unknown: write bash, zsh or fish.`);
    const text = script(await knownCommands(commands));
    io.out(args.has('json') ? JSON.stringify({ shell, script: text }, null, 2) : text);
    return EXIT.ok;
  },
});
