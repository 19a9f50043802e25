import path from 'node:path';
import type { Args } from './command.ts';
import type { Io } from './io.ts';

/** Where a command line says that things are; absolute paths. */
export interface Locations {
  readonly lakeDir: string;
  readonly contractsDir: string;
  readonly sqlDir: string;
  /** The code of projections. */
  readonly projectionsDir: string;
}

/** The lake, the contracts and the Gold SQL that a command line means. */
export function locations(args: Args, io: Io): Locations {
  const lake = args.text('lake') ?? (io.env.ASSAY_LAKE || 'lake');
  const contractsDir = path.resolve(
    io.cwd,
    args.text('contracts') ?? (io.env.ASSAY_CONTRACTS || 'contracts'),
  );
  const beside = path.dirname(contractsDir);
  const place = (option: string, otherwise: string): string => {
    const given = args.text(option);
    return given === undefined ? otherwise : path.resolve(io.cwd, given);
  };
  return {
    lakeDir: path.resolve(io.cwd, lake),
    contractsDir,
    sqlDir: place('sql', path.join(beside, 'sql', 'gold')),
    projectionsDir: place('projections', path.join(beside, 'projections')),
  };
}

/** A command to type next, with the same locations as this one, so that it can be copied as it is. */
export function nextCommand(args: Args, io: Io, command: string): string {
  const prefix = io.env.npm_command === 'exec' ? 'npx assay' : 'assay';
  const places = ['target', 'stack', 'lake', 'contracts', 'sql', 'projections'].flatMap((name) => {
    const value = args.text(name);
    return value === undefined ? [] : [`--${name} ${quoteArgument(value)}`];
  });
  return [prefix, command, ...places].join(' ');
}

/** An argument as a shell takes it. */
export function quoteArgument(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A path as a person would write it from here. */
export function shownPath(file: string, io: Io): string {
  const relative = path.relative(io.cwd, file);
  return relative === '' ? '.' : relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
}
