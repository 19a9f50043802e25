import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Whether the module was started as the program, not imported. */
export function isMain(moduleUrl: string): boolean {
  const program = process.argv[1];
  return program !== undefined && realpathSync(program) === fileURLToPath(moduleUrl);
}

/** The whole number an option was given, `_` allowed between digits (`5_000_000`); throws on anything else. */
export function count(option: string, text: string): number {
  const value = /^\d[\d_]*$/.test(text) ? Number(text.replaceAll('_', '')) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new Error(`${option} takes a whole number, not '${text}'.`);
  return value;
}

/** The value of an option that must be given; throws when it is not. */
export function required(option: string, text: string | undefined): string {
  if (text === undefined || text === '') throw new Error(`${option} is missing.`);
  return text;
}
