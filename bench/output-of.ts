import { type SpawnOptionsWithoutStdio, spawn } from 'node:child_process';

/** Runs a program to its end and returns what it printed; its errors go to this terminal. Throws where it fails; `what` names it. */
export async function outputOf(
  what: string,
  program: string,
  args: readonly string[],
  options: SpawnOptionsWithoutStdio = {},
): Promise<string> {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const status = await new Promise<string>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(String(code ?? signal)));
  });
  if (status !== '0') throw new Error(`${what} failed (${status}). It printed: ${output}`);
  return output;
}
