import type { LineReader } from '../prompt/line-reader.ts';
import { usageError } from '../usage-error.ts';

/** A question to a person, who answers with one line. */
export interface Question {
  readonly text: string;
  /** Taken where nothing is typed. */
  readonly otherwise?: string;
  /** What is wrong with an answer; undefined where it will do. */
  readonly wrong?: (answer: string) => string | undefined;
}

/** Asks until the answer will do. Throws ConfigError `USAGE` where the person leaves. */
export async function ask(
  lines: LineReader,
  { text, otherwise, wrong }: Question,
  say: (line: string) => void,
): Promise<string> {
  for (;;) {
    const typed = await lines.next(`${text}${otherwise === undefined ? '' : ` [${otherwise}]`}: `);
    if (typed.kind !== 'line') throw usageError('Left without an answer: nothing was written.');
    const answer = typed.text.trim() === '' ? (otherwise ?? '') : typed.text.trim();
    const problem = answer === '' ? 'Write something.' : wrong?.(answer);
    if (problem === undefined) return answer;
    say(`  ${problem}`);
  }
}

/** Asks a question with yes or no; yes where nothing is typed. */
export async function confirm(
  lines: LineReader,
  text: string,
  say: (line: string) => void,
): Promise<boolean> {
  const wrong = (answer: string): string | undefined =>
    /^(y|yes|n|no)$/i.test(answer) ? undefined : 'Write yes or no.';
  return /^y/i.test(await ask(lines, { text, otherwise: 'yes', wrong }, say));
}
