import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The command's launcher. */
export const LAUNCHER = fileURLToPath(new URL('../../cli/assay.mjs', import.meta.url));

/** What a finished command left. */
export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Place {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Starts the command as a process of its own. */
export function startAssay(args: readonly string[], { cwd, env = {} }: Place) {
  const { ASSAY_LAKE: _, ASSAY_DEBUG: __, npm_command: ___, ...inherited } = process.env;
  return spawn(process.execPath, [LAUNCHER, ...args], { cwd, env: { ...inherited, ...env } });
}

/** Runs the command as a process of its own and waits for its end. */
export function assay(args: readonly string[], place: Place): Promise<Finished> {
  const child = startAssay(args, place);
  const texts = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    texts.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    texts.err += text;
  });
  child.stdin.end(place.input ?? '');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...texts }));
  });
}

/** Runs the command with --json and parses what it prints. */
export async function assayJson(
  args: readonly string[],
  place: Place,
): Promise<{ readonly code: number | null; readonly json: unknown; readonly err: string }> {
  const { code, out, err } = await assay([...args, '--json'], place);
  try {
    return { code, json: JSON.parse(out), err };
  } catch (error) {
    throw new Error(`assay ${args.join(' ')} printed no JSON (${code}): ${out}\n${err}`, { cause: error });
  }
}
