import { type ParseArgsConfig, parseArgs } from 'node:util';
import { nearest } from '../etl/contract/nearest.ts';
import { messageOf } from '../etl/errors.ts';
import type { Args, Command, Option } from './command.ts';
import { checkTarget, DEFAULT_STACK } from './target.ts';
import { usageError } from './usage-error.ts';

/** The options that every command has. */
export const COMMON_OPTIONS: Readonly<Record<string, Option>> = {
  target: {
    type: 'string',
    value: 'T',
    choices: ['local', 'aws'],
    help: 'local, a lake in a folder (the default), or aws, a deployed platform',
  },
  stack: {
    type: 'string',
    value: 'NAME',
    help: `with --target aws: the stack (default: $ASSAY_STACK, then ${DEFAULT_STACK})`,
  },
  lake: { type: 'string', value: 'DIR', help: 'the folder of the lake (default: $ASSAY_LAKE, then ./lake)' },
  contracts: {
    type: 'string',
    value: 'DIR',
    help: 'the folder of the contracts (default: $ASSAY_CONTRACTS, then ./contracts)',
  },
  projections: {
    type: 'string',
    value: 'DIR',
    help: 'the code of projections (default: projections beside the contracts)',
  },
  sql: {
    type: 'string',
    value: 'DIR',
    help: 'the SQL of Gold tables (default: sql/gold beside the contracts)',
  },
  json: { type: 'boolean', help: 'print JSON, and nothing else, on stdout' },
  debug: { type: 'boolean', help: 'show where an error came from ($ASSAY_DEBUG does, too)' },
  help: { type: 'boolean', help: 'show this' },
};

/** Parses what follows the command's name; throws ConfigError `USAGE` that says what was meant. */
export function parseCommandLine(command: Command, argv: readonly string[]): Args {
  const options = { ...COMMON_OPTIONS, ...command.options };
  const { values, positionals } = parse(command, argv, options);
  const args: Args = {
    positionals,
    has: (name) => values[name] !== undefined && values[name] !== false,
    text: (name) => {
      const value = values[name];
      return typeof value === 'string' ? value : undefined;
    },
    texts: (name) => [values[name] ?? []].flat().filter((value) => typeof value === 'string'),
  };
  if (!args.has('help')) checkArguments(command, args, options);
  return args;
}

function parse(command: Command, argv: readonly string[], options: Readonly<Record<string, Option>>) {
  const config = Object.fromEntries(
    Object.entries(options).map(([name, { type, multiple = false }]) => [
      name,
      name === 'help' ? { type, short: 'h' } : { type, multiple },
    ]),
  ) satisfies ParseArgsConfig['options'];
  try {
    return parseArgs({ ...withComments(argv), options: config, allowPositionals: true, strict: true });
  } catch (error) {
    throw usageError(explain(command, messageOf(error), Object.keys(options)));
  }
}

/** SQL that begins with a comment looks like an option, which never has a blank or a line end in its name: it goes behind a `--`. */
function withComments(argv: readonly string[]): { args: string[] } {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  const isComment = (arg: string): boolean => /^--[^\s=]*\s/.test(arg);
  const options = argv.slice(0, end);
  if (!options.some(isComment)) return { args: [...argv] };
  const rest = options.filter((arg) => !isComment(arg));
  return { args: [...rest, '--', ...options.filter(isComment), ...argv.slice(end + 1)] };
}

function explain(command: Command, message: string, options: readonly string[]): string {
  const see = `\`assay ${command.name} --help\` lists the options.`;
  const unknown = /Unknown option '(-+)([^']*)'/.exec(message);
  if (unknown !== null) {
    const [, dashes = '', name = ''] = unknown;
    const near = nearest(name, options);
    const meant = near === undefined ? see : `Did you mean --${near}?`;
    return `'${dashes}${name}' is no option of \`assay ${command.name}\`. ${meant}`;
  }
  const first = message.split('\n')[0] ?? message;
  return `${first.endsWith('.') ? first : `${first}.`} ${see}`;
}

function checkArguments(
  command: Command,
  { positionals, text, texts }: Args,
  options: Readonly<Record<string, Option>>,
): void {
  const { min, max, name } = command.positionals;
  const usage = `Write: assay ${command.name} ${command.usage}`;
  if (positionals.length < min) throw usageError(`${name} is missing. ${usage}`);
  if (positionals.length > max) {
    const extra = positionals[max] ?? '';
    throw usageError(`'${extra}' is one argument too many. ${usage}`);
  }
  for (const option of Object.keys(options)) {
    if (texts(option).includes(''))
      throw usageError(`--${option} is empty: give it a value, or leave it out.`);
  }
  checkTarget(command, text);
}
