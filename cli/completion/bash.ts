import { type Expected, firstWords, type KnownCommand, secondWords } from './known-words.ts';

/** The completion of `assay` for bash 3.2 and later. */
export function bashScript(commands: readonly KnownCommand[]): string {
  const groups = [...new Set(secondWords(commands).map(({ first }) => first))];
  const seconds = groups.map((group) => {
    const words = secondWords(commands).filter(({ first }) => first === group);
    return `      ${group}) words="${words.map(({ second }) => second).join(' ')}" ;;`;
  });
  const values = valueCases(commands);
  const options = commands.map(
    ({ name, options: known }) =>
      `    '${name}') words="${known.map((one) => `--${one.name}`).join(' ')}" ;;`,
  );
  const argument = commands
    .filter((one) => one.argument.kind !== 'anything')
    .map((one) => `    '${one.name}') ${reply(one.argument)} ;;`);
  return `# Completion of assay for bash. In ~/.bashrc: eval "$(assay completion bash)"
_assay_datasets() {
  local folder=contracts file n
  for ((n = 1; n < COMP_CWORD; n++)); do
    [[ \${COMP_WORDS[n]} == --contracts ]] && folder=\${COMP_WORDS[n + 1]}
  done
  for file in "$folder"/*/*.yaml "$folder"/*/*.yml; do
    [[ -e $file ]] || continue
    file=\${file#"$folder"/}
    file=\${file%.y*ml}
    echo "\${file/\\//.}"
  done
}
_assay() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} name=\${COMP_WORDS[1]} words=
  COMPREPLY=()
  case $name in
    ${groups.join(' | ')}) [[ $COMP_CWORD -gt 2 ]] && name="$name \${COMP_WORDS[2]}" ;;
  esac
  case $prev in
${values.join('\n')}
  esac
  if [[ $COMP_CWORD -eq 1 ]]; then
    words="${firstWords(commands)
      .map(({ word }) => word)
      .join(' ')} help"
  elif [[ $COMP_CWORD -eq 2 ]]; then
    case $name in
${seconds.join('\n')}
    esac
  fi
  if [[ -z $words && $cur == -* ]]; then
    case $name in
${options.join('\n')}
    esac
  elif [[ -z $words ]]; then
    case $name in
${argument.join('\n')}
    esac
    return
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _assay assay`;
}

/** Completes an option's value, where known; an option means the same in every command. */
function valueCases(commands: readonly KnownCommand[]): string[] {
  const values = new Map<string, string>();
  for (const { name, value } of commands.flatMap(({ options }) => options))
    if (value !== undefined && !values.has(name)) values.set(name, reply(value));
  return [...values].map(([name, text]) => `    --${name}) ${text}${text === '' ? '' : '; '}return ;;`);
}

function reply(expected: Expected): string {
  switch (expected.kind) {
    case 'words':
      return `COMPREPLY=($(compgen -W "${expected.words.join(' ')}" -- "$cur"))`;
    case 'dataset':
      return 'COMPREPLY=($(compgen -W "$(_assay_datasets)" -- "$cur"))';
    case 'file':
      return 'local IFS=$\'\\n\'; compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur"))';
    case 'folder':
      return 'local IFS=$\'\\n\'; compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$cur"))';
    default:
      return '';
  }
}
