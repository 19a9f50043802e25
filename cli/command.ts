import type { ExitCode } from './exit-codes.ts';
import type { Io } from './io.ts';

/** One option of a command. */
export interface Option {
  readonly type: 'string' | 'boolean';
  /** What its value is called in the help, e.g. `DIR`. */
  readonly value?: string;
  readonly help: string;
  /** All values that it takes, where there are but a few. */
  readonly choices?: readonly string[];
  /** Set where it may be given more than once. */
  readonly multiple?: true;
}

/** A parsed command line. */
export interface Args {
  readonly positionals: readonly string[];
  /** The option's text, where it was given. */
  text(name: string): string | undefined;
  /** All texts of an option that may be given more than once, in order. */
  texts(name: string): readonly string[];
  /** Whether the option was given. */
  has(name: string): boolean;
}

/** One command of `assay`. */
export interface Command {
  /** As it is typed, e.g. `contracts check`. */
  readonly name: string;
  /** What follows the name, e.g. `FILE… --dataset D`. */
  readonly usage: string;
  /** What it does, in a few sentences; lines are kept. */
  readonly description: string;
  /** Its own options; the common ones come with every command. */
  readonly options: Readonly<Record<string, Option>>;
  readonly examples: readonly string[];
  /** How many arguments it takes. */
  readonly positionals: { readonly min: number; readonly max: number; readonly name: string };
  /** Where it is of no use with --target aws: why, and what to do instead. */
  readonly localOnly?: string;
  run(args: Args, io: Io): Promise<ExitCode>;
}

/** A command as the list of all shows it; its code is loaded when it is used. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<Command>;
}
