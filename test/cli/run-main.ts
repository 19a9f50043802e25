import type { Io } from '../../cli/io.ts';
import { main } from '../../cli/main.ts';
import type { Finished } from './assay.ts';

/** Runs a command line within this process: as assay(), and quicker, for what needs no process to be seen. */
export async function runMain(
  args: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<Finished> {
  const texts: { out: string[]; err: string[] } = { out: [], err: [] };
  const io: Io = {
    out: (line) => void texts.out.push(line),
    err: (line) => void texts.err.push(line),
    drained: async () => undefined,
    readInput: async () => '',
    onInterrupt: () => () => undefined,
    openLines: undefined,
    isTerminal: { out: false, err: false, in: false },
    colour: false,
    columns: Number.POSITIVE_INFINITY,
    env,
    cwd,
  };
  const code = await main(args, io);
  return { code, out: texts.out.join('\n'), err: texts.err.join('\n') };
}

/** As runMain with --json, its output parsed. */
export async function runMainJson(
  args: readonly string[],
  place: { readonly cwd: string },
): Promise<{ readonly code: number | null; readonly json: unknown; readonly err: string }> {
  const { code, out, err } = await runMain([...args, '--json'], place);
  return { code, json: JSON.parse(out), err };
}
