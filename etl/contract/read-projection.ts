import type { ContractBase, Fold, ProjectionContract } from './contract.ts';
import { SHIPPED_FOLDS } from './contract.ts';
import type { CustomValues } from './custom-properties.ts';
import { choice, describe, readValue } from './fields.ts';
import type { Path, Problems } from './problems.ts';

/** What a projection's contract says beside its columns. */
export type ProjectionSettings = Pick<ProjectionContract, 'inputs' | 'fold'>;

/** What the settings are read from; `at` is where they are missing. */
interface Read extends Pick<ContractBase, 'domain' | 'name'> {
  readonly custom: CustomValues;
  readonly at: Path;
}

const DATASET = /^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/;
const FOLD = choice(SHIPPED_FOLDS, '; without assay.fold, the code projections/<domain>/<name>.ts folds');

/** Reads the settings of a projection: the event dataset that it must name, and what folds it. */
export function readProjectionSettings(read: Read, problems: Problems): ProjectionSettings {
  return { inputs: [readInput(read, problems)], fold: readFold(read, problems) };
}

function readInput({ custom, at }: Read, problems: Problems): string {
  const given = custom.get('assay.inputs');
  const hint = 'write the one event dataset that it is folded from as [domain.name]';
  if (given === undefined) {
    problems.add([...at, 'customProperties', 'assay.inputs'], `is missing; ${hint}`);
    return '';
  }
  const list: readonly unknown[] = Array.isArray(given.value) ? given.value : [given.value];
  const [input] = list;
  if (list.length === 1 && typeof input === 'string' && DATASET.test(input)) return input;
  problems.add(given.path, `is ${list.length === 1 ? describe(input) : `${list.length} datasets`}; ${hint}`);
  return '';
}

function readFold({ custom, domain, name }: Read, problems: Problems): Fold {
  const given = custom.get('assay.fold');
  const code: Fold = { kind: 'code', file: `${domain}/${name}` };
  if (given === undefined) return code;
  const kind = readValue(FOLD, given.value, given.path, problems);
  return kind === undefined ? code : { kind };
}
