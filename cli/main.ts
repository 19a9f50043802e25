import { startTelemetry } from '../adapters/local/telemetry.ts';
import { nearest } from '../etl/contract/nearest.ts';
import type { Command } from './command.ts';
import { COMMANDS } from './commands.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts';
import { commandHelp, overview } from './help.ts';
import { type Io, processIo } from './io.ts';
import { parseCommandLine } from './parse-args.ts';
import { printError } from './print/error.ts';
import { usageError } from './usage-error.ts';
import { version } from './version.ts';

/** Runs the command line of this process and sets its exit code. */
export async function runProcess(): Promise<void> {
  const io = processIo();
  const stopTelemetry = await startTelemetry(io.env);
  try {
    // Not process.exit, which would cut off what a pipe has not taken yet.
    process.exitCode = await main(process.argv.slice(2), io);
  } finally {
    await stopTelemetry();
  }
}

/** Runs one command line and returns its exit code: the one place where errors become words and codes. */
export async function main(argv: readonly string[], io: Io): Promise<ExitCode> {
  try {
    return await dispatch(argv, io);
  } catch (error) {
    const options = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
    printError(error, io, {
      json: options.includes('--json'),
      debug: options.includes('--debug') || (io.env.ASSAY_DEBUG ?? '') !== '',
    });
    return exitCodeOf(error);
  }
}

async function dispatch(argv: readonly string[], io: Io): Promise<ExitCode> {
  const [first = 'help', ...rest] = argv;
  if (first === '--version' || first === '-v' || first === 'version') return await printVersion(io);
  if (first === '--help' || first === '-h' || first === 'help') return await printHelp(rest, io);
  const { command, rest: commandLine } = await findCommand(argv);
  const args = parseCommandLine(command, commandLine);
  if (args.has('help')) {
    io.out(commandHelp(command));
    return EXIT.ok;
  }
  return await command.run(args, io);
}

async function printHelp(words: readonly string[], io: Io): Promise<ExitCode> {
  io.out(words.length === 0 ? overview() : commandHelp((await findCommand(words)).command));
  return EXIT.ok;
}

async function printVersion(io: Io): Promise<ExitCode> {
  io.out(await version());
  return EXIT.ok;
}

/** The command that the first word or two name, and what follows it. */
async function findCommand(words: readonly string[]): Promise<{ command: Command; rest: readonly string[] }> {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ');
    const entry = COMMANDS.find((one) => one.name === name);
    if (entry !== undefined) return { command: await entry.load(), rest: words.slice(length) };
  }
  const [word = ''] = words;
  const longer = COMMANDS.filter(({ name }) => name.startsWith(`${word} `)).map(({ name }) => name);
  if (longer.length > 0) throw usageError(`'${word}' is the first word of: ${longer.join(', ')}.`);
  if (word.startsWith('-'))
    throw usageError(`Write the command first, then '${word}': assay COMMAND ${word} …`);
  const near = nearest(
    word,
    COMMANDS.map(({ name }) => name),
  );
  const meant = near === undefined ? '`assay help` lists the commands.' : `Did you mean \`assay ${near}\`?`;
  throw usageError(`'${word}' is no command. ${meant}`);
}
