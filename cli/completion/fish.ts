import {
  type Expected,
  firstWords,
  type KnownCommand,
  type KnownOption,
  secondWords,
} from './known-words.ts';

/** The completion of `assay` for fish. */
export function fishScript(commands: readonly KnownCommand[]): string {
  const groups = [...new Set(secondWords(commands).map(({ first }) => first))];
  return [
    '# Completion of assay for fish: assay completion fish > ~/.config/fish/completions/assay.fish',
    `function __assay_command
    set -l words (commandline -opc)
    set -e words[1]
    contains -- "$words[1]" ${groups.join(' ')}; and echo "$words[1..2]"; or echo "$words[1]"
end
function __assay_is
    test (__assay_command) = "$argv"
end
function __assay_datasets
    set -l folder contracts
    set -l words (commandline -opc)
    set -l at (contains -i -- --contracts $words); and set folder $words[(math $at + 1)]
    for file in $folder/*/*.yaml $folder/*/*.yml
        string replace -r '^.*/([^/]+)/([^/]+)\\.ya?ml$' '$1.$2' $file
    end
end
complete -c assay -f`,
    ...firstWords(commands).map(({ word, help }) => line('test -z (__assay_command)', `-a ${word}`, help)),
    ...secondWords(commands).map(({ first, second, summary }) =>
      line(`__assay_is ${first}`, `-a ${second}`, summary),
    ),
    ...commands.flatMap(({ name, options, argument }) => [
      ...options.map((option) => line(`__assay_is ${name}`, optionOf(option), option.help)),
      ...(argument.kind === 'anything' ? [] : [line(`__assay_is ${name}`, argumentOf(argument), '')]),
    ]),
  ].join('\n');
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

function line(condition: string, what: string, help: string): string {
  return `complete -c assay -n ${quoted(condition)} ${what}${help === '' ? '' : ` -d ${quoted(help)}`}`;
}

function optionOf({ name, value }: KnownOption): string {
  if (value === undefined) return `-l ${name}`;
  return value.kind === 'anything' ? `-l ${name} -x` : `-l ${name} -r ${argumentOf(value)}`;
}

function argumentOf(expected: Expected): string {
  switch (expected.kind) {
    case 'words':
      return `-f -a ${quoted(expected.words.join(' '))}`;
    case 'dataset':
      return "-f -a '(__assay_datasets)'";
    case 'folder':
      return "-f -a '(__fish_complete_directories)'";
    case 'file':
      return '-F';
    default:
      return '';
  }
}
