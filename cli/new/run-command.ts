import type { Args, Command } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { parseCommandLine } from '../parse-args.ts';

/** Runs another command with the places of this one. What it says comes next is left out; with --json, all that it prints, unless `isQuiet` says no. */
export async function runCommand(
  command: Command,
  words: readonly string[],
  {
    args,
    io,
    isQuiet = args.has('json'),
  }: { readonly args: Args; readonly io: Io; readonly isQuiet?: boolean },
): Promise<ExitCode> {
  const places = ['lake', 'contracts', 'sql', 'projections'].flatMap((name) => {
    const value = args.text(name);
    return value === undefined ? [] : [`--${name}`, value];
  });
  const inner: Io = {
    ...io,
    out: (line) => {
      if (!isQuiet && !line.startsWith('Next: ')) io.out(line);
    },
  };
  return await command.run(parseCommandLine(command, [...words, ...places]), inner);
}

/** Runs commands one after another until one fails; returns its code. */
export async function runInTurn(steps: readonly (() => Promise<ExitCode>)[]): Promise<ExitCode> {
  for (const step of steps) {
    const code = await step();
    if (code !== EXIT.ok) return code;
  }
  return EXIT.ok;
}
