import type { CommandEntry, Option } from '../command.ts';
import { COMMON_OPTIONS } from '../parse-args.ts';

/** What may stand somewhere: one of a few words, a dataset, a file, a folder, or what only a person knows. */
export type Expected =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'dataset' | 'file' | 'folder' | 'anything' };

/** An option as a shell completes it. */
export interface KnownOption {
  readonly name: string;
  readonly help: string;
  /** Undefined where it takes no value. */
  readonly value: Expected | undefined;
}

/** A command as a shell completes it. */
export interface KnownCommand {
  /** `run`, or `contracts check`. */
  readonly name: string;
  readonly summary: string;
  readonly options: readonly KnownOption[];
  readonly argument: Expected;
}

/** Every command with its options, as the commands themselves say. */
export async function knownCommands(commands: readonly CommandEntry[]): Promise<KnownCommand[]> {
  const known: KnownCommand[] = [];
  for (const { name, summary, load } of commands) {
    const { options, positionals } = await load();
    known.push({
      name,
      summary,
      options: Object.entries({ ...options, ...COMMON_OPTIONS }).map(([option, entry]) => ({
        name: option,
        help: entry.help,
        value: valueIn(option, entry),
      })),
      argument: argumentOf(name, positionals),
    });
  }
  return known;
}

function valueIn(name: string, { type, value, choices }: Option): Expected | undefined {
  if (type === 'boolean') return undefined;
  if (choices !== undefined) return { kind: 'words', words: choices };
  if (name === 'dataset') return { kind: 'dataset' };
  if (value === 'FILE') return { kind: 'file' };
  return { kind: value === 'DIR' ? 'folder' : 'anything' };
}

function argumentOf(name: string, positionals: { readonly name: string; readonly max: number }): Expected {
  if (name === 'completion') return { kind: 'words', words: ['bash', 'zsh', 'fish'] };
  if (/FILE|OLD NEW/.test(positionals.name)) return { kind: 'file' };
  return { kind: /^(DATASET|REPORT)/.test(positionals.name) || name === 'report' ? 'dataset' : 'anything' };
}

/** The first words of commands, each once, with what they do. */
export function firstWords(commands: readonly KnownCommand[]): { word: string; help: string }[] {
  const words = new Map<string, string>();
  for (const { name, summary } of commands) {
    const [word = '', second] = name.split(' ');
    const others = commands.filter((one) => one.name.startsWith(`${word} `));
    const rest = others.map((one) => one.name.slice(word.length + 1)).join(', ');
    if (!words.has(word)) words.set(word, second === undefined ? summary : rest);
  }
  return [...words].map(([word, help]) => ({ word, help }));
}

/** The second words behind each first word that has some. */
export function secondWords(
  commands: readonly KnownCommand[],
): { first: string; second: string; summary: string }[] {
  return commands.flatMap(({ name, summary }) => {
    const [first = '', second] = name.split(' ');
    return second === undefined ? [] : [{ first, second, summary }];
  });
}
