import { type Expected, firstWords, type KnownCommand, secondWords } from './known-words.ts';

/** The completion of `assay` for zsh. */
export function zshScript(commands: readonly KnownCommand[]): string {
  const groups = [...new Set(secondWords(commands).map(({ first }) => first))];
  const seconds = groups.map((group) => {
    const words = secondWords(commands).filter(({ first }) => first === group);
    return `      ${group}) _describe 'command' '(${words.map((one) => pair(one.second, one.summary)).join(' ')})'; return ;;`;
  });
  const names = commands.map(({ name, options, argument }) => {
    const specs = options.map((one) => quoted(optionSpec(one.name, one.help, one.value)));
    return `    ${quoted(name)}) _arguments ${specs.join(' ')} ${quoted(`*:argument:${action(argument)}`)} ;;`;
  });
  return `#compdef assay
# Completion of assay for zsh. In ~/.zshrc, behind compinit: eval "$(assay completion zsh)"
_assay_datasets() {
  local folder=contracts at=\${words[(I)--contracts]}
  (( at > 0 )) && folder=\${words[at + 1]}
  local -a found
  found=($folder/*/*.y(a|)ml(N:r))
  found=(\${found#$folder/})
  compadd -- \${found//\\//.}
}
_assay() {
  if (( CURRENT == 2 )); then
    local -a first
    first=(${firstWords(commands)
      .map(({ word, help }) => pair(word, help))
      .join(' ')})
    _describe 'command' first
    return
  fi
  local name=$words[2] skip=1
  case $name in
    ${groups.join('|')}) name="$name $words[3]" skip=2 ;;
  esac
  if (( CURRENT == 3 && skip == 2 )); then
    local -a second
    case $words[2] in
${seconds.map((line) => line.replace("_describe 'command' '(", 'second=(').replace(")'; return", "); _describe 'command' second; return")).join('\n')}
    esac
  fi
  shift $skip words
  (( CURRENT -= skip ))
  case $name in
${names.join('\n')}
  esac
}
compdef _assay assay`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const pair = (word: string, help: string): string => quoted(`${word}:${help.replaceAll(':', '\\:')}`);

function optionSpec(name: string, help: string, value: Expected | undefined): string {
  const text = help.replaceAll(/[[\]:\\]/g, (sign) => `\\${sign}`);
  return `--${name}[${text}]${value === undefined ? '' : `:value:${action(value)}`}`;
}

function action(expected: Expected): string {
  switch (expected.kind) {
    case 'words':
      return `(${expected.words.join(' ')})`;
    case 'dataset':
      return '_assay_datasets';
    case 'file':
      return '_files';
    case 'folder':
      return '_files -/';
    default:
      return '( )';
  }
}
