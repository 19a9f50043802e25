import type { Io } from '../../cli/io.ts';
import { main } from '../../cli/main.ts';
import type { LineReader } from '../../cli/prompt/line-reader.ts';
import type { Finished } from './assay.ts';

interface Place {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What a person types, line by line; undefined where there is no terminal. */
  readonly typed?: readonly string[];
}

/** Lines as a terminal gives them: those that were typed, then the end. */
function typedLines(lines: string[]): LineReader {
  return {
    next: async () => {
      const text = lines.shift();
      return text === undefined ? { kind: 'closed' } : { kind: 'line', text };
    },
    remember: () => undefined,
    onInterrupt: () => () => undefined,
    close: () => undefined,
  };
}

/** Runs a command line within this process: as assay(), and quicker, for what needs no process to be seen. */
export async function runMain(args: readonly string[], { cwd, env = {}, typed }: Place): Promise<Finished> {
  const texts: { out: string[]; err: string[] } = { out: [], err: [] };
  const io: Io = {
    out: (line) => void texts.out.push(line),
    err: (line) => void texts.err.push(line),
    drained: async () => undefined,
    readInput: async () => '',
    inputPieces: async function* () {},
    onInterrupt: () => () => undefined,
    openLines: typed === undefined ? undefined : () => typedLines([...typed]),
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
  place: Pick<Place, 'cwd' | 'env'>,
): Promise<{ readonly code: number | null; readonly json: unknown; readonly err: string }> {
  const { code, out, err } = await runMain([...args, '--json'], place);
  return { code, json: JSON.parse(out), err };
}
