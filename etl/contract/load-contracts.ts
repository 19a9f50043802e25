import { ConfigError } from '../errors.ts';
import { datasetPath, tableName } from '../naming/datasets.ts';
import type { ContractSource, ContractText } from '../ports.ts';
import { consentsOf } from './consents.ts';
import type { Contract, ProjectionContract, SourceContract } from './contract.ts';
import { loweredColumn } from './folded-columns.ts';
import { madeOf } from './made-of.ts';
import { didYouMean, nearest } from './nearest.ts';
import { ContractError, type ContractProblem } from './problems.ts';
import { type ReadResult, readContract } from './read-contract.ts';
import { isSealedColumn } from './table-columns.ts';

/** Every contract that can be used, and everything that is wrong with the others. */
export interface LoadedContracts {
  /** By dataset, ordered by it. */
  readonly contracts: ReadonlyMap<string, Contract>;
  /** The text of each of them, by dataset. */
  readonly texts: ReadonlyMap<string, string>;
  /** Ordered by file and line. */
  readonly problems: readonly ContractProblem[];
  /** What the standard requires and Assay does not: it stops no dataset. */
  readonly gaps: readonly ContractProblem[];
  /** Every file looked at. */
  readonly files: readonly string[];
  /** The problems of datasets that have a contract, but none that can be used. */
  readonly unusable: ReadonlyMap<string, readonly ContractProblem[]>;
}

/** A file that was read, and the dataset it is for, as far as one can tell. */
interface Read {
  readonly file: string;
  readonly text: string;
  readonly dataset: string | undefined;
  readonly result: ReadResult;
}

/** A problem, and the dataset that it makes unusable. */
interface Found {
  readonly dataset: string | undefined;
  readonly problem: ContractProblem;
}

/**
 * Reads every contract without throwing for a wrong one: a broken contract stops its own dataset only. Two files for
 * one dataset are a problem of both, and neither is used; so is a Gold contract or projection whose inputs aren't Silver contracts.
 */
export async function loadContracts(source: ContractSource): Promise<LoadedContracts> {
  const texts = await source.list();
  const last = lastLoaded.get(source);
  if (last !== undefined && isSame(last.texts, texts)) return last.loaded;
  const loaded = loadTexts(texts);
  lastLoaded.set(source, { texts, loaded });
  return loaded;
}

/** What was last loaded from each source: a page of a console loads the contracts several times. */
const lastLoaded = new WeakMap<
  ContractSource,
  { readonly texts: readonly ContractText[]; readonly loaded: LoadedContracts }
>();

const isSame = (before: readonly ContractText[], now: readonly ContractText[]): boolean =>
  before.length === now.length &&
  before.every(({ file, text }, n) => file === now[n]?.file && text === now[n].text);

function loadTexts(texts: readonly ContractText[]): LoadedContracts {
  const reads = texts.map(({ file, text }): Read => {
    const result = readOnce(file, text);
    return { file, text, dataset: result.dataset ?? guess(file), result };
  });
  const own = reads.flatMap(({ dataset, result }): Found[] =>
    result.kind === 'invalid' ? result.problems.map((problem) => ({ dataset, problem })) : [],
  );
  const found = [...own, ...repeats(reads), ...sameTables(reads)];
  const sound = usable(reads, found);
  const known = new Map(sound.map(({ contract }) => [contract.dataset, contract]));
  const all = [
    ...found,
    ...inputProblems(sound),
    ...streamProblems(sound, known),
    ...consentProblems(sound, known),
  ];
  const unusable = new Map<string, ContractProblem[]>();
  for (const { dataset, problem } of all) {
    if (dataset !== undefined) unusable.set(dataset, [...(unusable.get(dataset) ?? []), problem]);
  }
  return {
    contracts: new Map(
      usable(reads, all).map(({ contract }) => [contract.dataset, withConsents(contract, known)]),
    ),
    texts: new Map(reads.flatMap(({ dataset, text }) => (dataset === undefined ? [] : [[dataset, text]]))),
    problems: all.map(({ problem }) => problem).sort(byPlace),
    gaps: reads.flatMap(({ result }) => (result.kind === 'contract' ? result.gaps : [])),
    files: reads.map(({ file }) => file),
    unusable,
  };
}

/** What each file was last read as: every stage of a run loads the contracts, and their YAML takes milliseconds a file. */
const lastRead = new Map<string, { readonly text: string; readonly result: ReadResult }>();

function readOnce(file: string, text: string): ReadResult {
  const last = lastRead.get(file);
  if (last?.text === text) return last.result;
  const result = readContract(file, text);
  lastRead.set(file, { text, result });
  return result;
}

type Sound = Extract<ReadResult, { kind: 'contract' }>;

function usable(reads: readonly Read[], found: readonly Found[]): Sound[] {
  const broken = new Set(found.map(({ dataset }) => dataset));
  const sound = reads.flatMap(({ result }) =>
    result.kind === 'contract' && !broken.has(result.dataset) ? [result] : [],
  );
  return sound.sort((a, b) => (a.dataset < b.dataset ? -1 : 1));
}

const byPlace = (a: ContractProblem, b: ContractProblem): number =>
  a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1;

/** The dataset a file was probably meant for, where its text doesn't say: `…/spend/council_payments.yaml`. */
function guess(file: string): string | undefined {
  const [, domain, name] = /([a-z][a-z0-9_]*)\/([a-z][a-z0-9_]*)\.ya?ml$/.exec(file) ?? [];
  return domain === undefined ? undefined : `${domain}.${name}`;
}

function repeats(reads: readonly Read[]): Found[] {
  return reads.flatMap(({ file, dataset, result }) => {
    const others = reads.filter((other) => other.file !== file && other.result.dataset === result.dataset);
    if (result.dataset === undefined || others.length === 0) return [];
    const place = result.kind === 'contract' ? result.places.name : { file, line: 1, path: 'name' };
    const message = `is ${dataset}, as in ${others.map((other) => other.file).join(', ')}; keep one contract a dataset`;
    return [{ dataset, problem: { ...place, message } }];
  });
}

/** Two datasets whose tables would have one name, as a.b_c and a_b.c: for whoever reads them they would be one. */
function sameTables(reads: readonly Read[]): Found[] {
  const named = reads.flatMap(({ result }) => {
    if (result.kind !== 'contract') return [];
    const { dataset, contract, places } = result;
    return [{ dataset, table: tableName(contract.layer, dataset), place: places.name }];
  });
  return named.flatMap(({ dataset, table, place }) => {
    const other = named.find((one) => one.table === table && one.dataset !== dataset);
    if (other === undefined) return [];
    const message = `makes the table ${table}, as ${other.dataset} does; call one of them otherwise`;
    return [{ dataset, problem: { ...place, message } }];
  });
}

/** A projection is folded from events, its rows are told apart by their stream first, and what is protected stays so. */
function streamProblems(sound: readonly Sound[], known: ReadonlyMap<string, Contract>): Found[] {
  return sound.flatMap(({ dataset, contract, places }) => {
    const source = known.get(contract.layer === 'projection' ? contract.inputs[0] : '');
    if (contract.layer !== 'projection' || source?.layer !== 'silver') return [];
    const problem = streamProblem(contract, source);
    return problem === undefined ? [] : [{ dataset, problem: { ...places.inputs, message: problem } }];
  });
}

function streamProblem(contract: ProjectionContract, source: SourceContract): string | undefined {
  const { events, columns } = source;
  if (events === undefined)
    return `names ${source.dataset}, which has no events; write assay.events in its contract, or name a dataset that has them`;
  const stream = columns.find(({ name }) => name === events.stream);
  // References of people are text, whatever stands for them in the source.
  const type = stream !== undefined && isSealedColumn(stream) ? { kind: 'string' } : stream?.type;
  const [first = ''] = contract.key;
  const own = contract.columns.find(({ name }) => name === first);
  if (first === events.stream && JSON.stringify(own?.type) === JSON.stringify(type))
    return loweredColumn(contract, source);
  return `is folded by the streams of ${source.dataset}, but its key begins with ${first}; make ${events.stream}, a ${type?.kind} as there, the first column of the key`;
}

function consentProblems(sound: readonly Sound[], known: ReadonlyMap<string, Contract>): Found[] {
  return sound.flatMap(({ dataset, contract, places }) => {
    const problems = contract.layer === 'gold' ? consentsOf(contract, known).problems : [];
    return problems.map((message) => ({ dataset, problem: { ...places.inputs, message } }));
  });
}

function withConsents(contract: Contract, known: ReadonlyMap<string, Contract>): Contract {
  if (contract.layer !== 'gold' || contract.purpose === undefined) return contract;
  return { ...contract, consents: consentsOf(contract, known).consents };
}

/** What is no input. */
const IN_WORDS: Readonly<Record<Contract['layer'], string>> = {
  silver: 'a dataset',
  gold: 'a Gold table',
  projection: 'a projection, which nothing is made of yet',
};

function inputProblems(sound: readonly Sound[]): Found[] {
  const layerOf = new Map(sound.map(({ dataset, contract }) => [dataset, contract.layer]));
  const silver = [...layerOf].filter(([, layer]) => layer === 'silver').map(([dataset]) => dataset);
  return sound.flatMap(({ dataset, contract, places }) => {
    const wrong = madeOf(contract).filter((input) => layerOf.get(input) !== 'silver');
    return wrong.map((input) => {
      const layer = layerOf.get(input);
      const what = layer === undefined ? 'no contract that can be used' : IN_WORDS[layer];
      const near = didYouMean(input, silver) || `; write one of ${silver.join(', ')}`;
      return { dataset, problem: { ...places.inputs, message: `names ${input}, which is ${what}${near}` } };
    });
  });
}

/**
 * The dataset's contract. Throws ContractError with its problems where it has a contract that can't be used, and
 * ConfigError NO_CONTRACT where it has none.
 */
export function requireContract(loaded: LoadedContracts, dataset: string): Contract {
  const contract = loaded.contracts.get(dataset);
  if (contract !== undefined) return contract;
  const problems = loaded.unusable.get(dataset);
  if (problems !== undefined) throw new ContractError(problems);
  const near = nearest(dataset, loaded.contracts.keys());
  const files = loaded.files.length === 0 ? 'no contract files at all' : `${loaded.files.join(', ')}`;
  throw new ConfigError(
    'NO_CONTRACT',
    `There is no contract for ${dataset}, and without one nothing is ingested. Looked at: ${files}. ${
      near === undefined
        ? `Write contracts/${safePath(dataset)}.yaml; docs/contracts.md shows how.`
        : `Did you mean ${near}?`
    }`,
    { context: { dataset, ...(near === undefined ? {} : { nearest: near }) } },
  );
}

/** The contract of a dataset that source systems drop files for; throws ConfigError where it is a Gold table or projection. */
export function requireSourceContract(loaded: LoadedContracts, dataset: string): SourceContract {
  const contract = requireContract(loaded, dataset);
  if (contract.layer === 'silver') return contract;
  throw new ConfigError(
    'NOT_A_SOURCE',
    `${dataset} is ${contract.layer === 'gold' ? 'a Gold table, made from' : 'a projection, folded from'} ${contract.inputs.join(', ')}: drop files for those.`,
    { context: { dataset } },
  );
}

function safePath(dataset: string): string {
  return /^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/.test(dataset) ? datasetPath(dataset) : '<domain>/<name>';
}
