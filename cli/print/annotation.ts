import type { ContractProblem } from '../../etl/contract/problems.ts';

/**
 * A problem as GitHub Actions shows it beside the line of a pull request
 * (https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions).
 */
export function annotation({ file, line, path, message }: ContractProblem): string {
  return `::error file=${property(file)},line=${line},title=contract::${data(`${path}: ${message}`)}`;
}

const data = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
