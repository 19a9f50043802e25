import type { Args } from '../command.ts';
import { contractsCheck } from '../commands/contracts-check.ts';
import { writeNew } from '../commands/contracts-infer.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { nextCommand, shownPath } from '../locations.ts';
import { runCommand } from './run-command.ts';

/** The files of a new table. */
export interface NewTable {
  /** Its contract last: a table begins with that. */
  readonly files: readonly { readonly file: string; readonly text: string }[];
  /** What else was made, as the end of a sentence. */
  readonly beside?: string;
  /** Makes what belongs beside the files, before they are checked. */
  readonly finish?: () => Promise<unknown>;
  /** Commands to type next. */
  readonly next: readonly string[];
  /** What it is with --json, given the files as they are shown. */
  readonly json: (shown: readonly string[]) => unknown;
}

/**
 * Writes the files of a new table, says so, and checks its contract with what that needs: problems of other contracts are not
 * its own. Throws where one of the files is there already.
 */
export async function writeTable(
  { files, beside = '', finish, next, json }: NewTable,
  { args, io }: { readonly args: Args; readonly io: Io },
): Promise<ExitCode> {
  for (const { file, text } of files) await writeNew(file, shownPath(file, io), text);
  await finish?.();
  const shown = files.map(({ file }) => shownPath(file, io));
  const isJson = args.has('json');
  if (!isJson) io.out(`Wrote ${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}${beside}.\n`);
  const code = await runCommand(contractsCheck, [files.at(-1)?.file ?? ''], { args, io });
  if (isJson) io.out(JSON.stringify(json(shown), null, 2));
  else if (code === EXIT.ok)
    for (const [n, command] of next.entries())
      io.out(`${n === 0 ? 'Next:' : '     '} ${nextCommand(args, io, command)}`);
  return code;
}
