import { ConfigError } from '../errors.ts';

/** Where in a contract: keys and list positions from the root. */
export type Path = readonly (string | number)[];

/** One thing that is wrong in one contract file. */
export interface ContractProblem {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** `schema[0].properties[2].classification`; `(yaml)` where the text can't be read as YAML at all. */
  readonly path: string;
  /** What is wrong; what to write. */
  readonly message: string;
}

/** Takes problems as they are found, so that a reader goes on and finds the rest. */
export interface Problems {
  add(path: Path, message: string): void;
  readonly list: readonly ContractProblem[];
}

/** An empty collection for one file; `lineOf` finds the line of a path. */
export function collectProblems(file: string, lineOf: (path: Path) => number): Problems {
  const list: ContractProblem[] = [];
  return {
    list,
    add: (path, message) => {
      list.push({ file, line: lineOf(path), path: pathText(path), message });
    },
  };
}

/** `['schema', 0, 'name']` → `schema[0].name`. */
export function pathText(path: Path): string {
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
  return text === '' ? '(contract)' : text.replace(/^\./, '');
}

/** `file:line: path: what is wrong; what to write`, the form in which every problem is shown. */
export function problemText(problem: ContractProblem): string {
  return `${problem.file}:${problem.line}: ${problem.path}: ${problem.message}`;
}

/** Contracts that can't be used, with every problem found in them. */
export class ContractError extends ConfigError {
  readonly problems: readonly ContractProblem[];

  constructor(problems: readonly ContractProblem[]) {
    const files = [...new Set(problems.map((problem) => problem.file))].join(', ');
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    const message = [`${files}: the contract has ${count}:`, ...problems.map(problemText)].join('\n');
    super('CONTRACT_INVALID', message, { context: { files, problems: problems.length } });
    this.problems = problems;
  }
}
