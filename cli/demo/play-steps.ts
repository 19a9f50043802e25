import type { Command } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { quoteArgument } from '../locations.ts';
import { parseCommandLine } from '../parse-args.ts';
import type { DemoPlace } from './demo-place.ts';

/** One step of a demo: a command, and what it means. */
export interface Step {
  /** Printed before the command: what it does and why. */
  readonly what: string;
  readonly command: Command;
  /** Its words; a function where they name what an earlier step made. */
  readonly words: readonly string[] | (() => Promise<readonly string[]>);
  /** The exit code that it is meant to end with; 0 unless said. */
  readonly ends?: ExitCode;
  /** Runs the command where it doesn't end by itself. */
  readonly play?: (work: (io: Io) => Promise<ExitCode>) => Promise<ExitCode>;
}

/** Plays steps one after another, each printed as a newcomer would type it before it runs; ends at the first that ends otherwise than it is meant to. */
export async function playSteps(steps: readonly Step[], place: DemoPlace, io: Io): Promise<ExitCode> {
  for (const [n, { what, command, words, ends = EXIT.ok, play }] of steps.entries()) {
    const own = typeof words === 'function' ? await words() : words;
    const line = [...own, ...place.options];
    const typed = [...command.name.split(' '), ...line].map(quoteArgument).join(' ');
    io.out(`\n── ${n + 1}. ${what}\n\n$ ${place.prefix} ${typed}\n`);
    const work = (its: Io): Promise<ExitCode> => command.run(parseCommandLine(command, line), its);
    const code = await (play === undefined ? work(io) : play(work));
    if (code !== ends) return code === EXIT.ok ? EXIT.internal : code;
  }
  return EXIT.ok;
}

/** What a command answers with --json, parsed; nothing is printed. */
export async function askCommand(
  command: Command,
  words: readonly string[],
  { place, io }: { readonly place: DemoPlace; readonly io: Io },
): Promise<unknown> {
  const lines: string[] = [];
  const args = parseCommandLine(command, [...words, ...place.options, '--json']);
  await command.run(args, { ...io, out: (line) => void lines.push(line) });
  return JSON.parse(lines.join('\n'));
}
