import type { Finished } from '../../cli/assay.ts';
import { runMain } from '../../cli/run-main.ts';

interface Place {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs the command within this process, and leaves what a process of its own would (`assay` of test/cli/assay.ts), which takes
 * two seconds of processor time to load what speaks to AWS. The AWS SDK finds whose command it is in this process's
 * environment, which is that person's meanwhile: commands wait for one another.
 */
export function assay(args: readonly string[], place: Place): Promise<Finished> {
  const finished = last.then(() => runAs(args, place));
  last = finished.catch(() => undefined);
  return finished;
}

async function runAs(args: readonly string[], { cwd, env: own }: Place): Promise<Finished> {
  const before = process.env;
  const { ASSAY_LAKE: _, ASSAY_DEBUG: __, npm_command: ___, ...inherited } = before;
  const env = { ...inherited, ...own } as Record<string, string>;
  process.env = env;
  try {
    const { code, out, err } = await runMain(args, { cwd, env });
    return { code, out: ended(out), err: ended(err) };
  } finally {
    process.env = before;
  }
}

/** Lines as a stream has them. */
const ended = (lines: string): string => (lines === '' ? '' : `${lines}\n`);
