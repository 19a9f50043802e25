import path from 'node:path';
import { fileContractSource } from '../../adapters/local/contract-source.ts';
import type { Contract } from '../../etl/contract/contract.ts';
import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { type ContractProblem, problemText } from '../../etl/contract/problems.ts';
import { readContract } from '../../etl/contract/read-contract.ts';
import type { ContractSource, ContractText } from '../../etl/ports.ts';
import type { Command } from '../command.ts';
import { readContractText } from '../contract-file.ts';
import { sqlProblems } from '../contract-sql.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { type Locations, locations, shownPath } from '../locations.ts';
import { annotation } from '../print/annotation.ts';
import { plural } from '../print/format.ts';
import { printable } from '../print/printable.ts';
import { table } from '../print/table.ts';

/** `assay contracts check`: every problem of every contract. */
export const contractsCheck: Command = {
  name: 'contracts check',
  usage: '[FILE…] [--contracts DIR]',
  description: `Checks contracts, those of the whole folder or the files named, their record rules and patterns as DuckDB compiles them, and the SQL
of Gold tables (one SELECT of its inputs, with functions that DuckDB and Trino share): each problem as file:line: path: what is wrong; what to write. Needs no lake. Exits with 2 where there is a problem.`,
  options: {
    github: {
      type: 'boolean',
      help: 'also print each problem as an annotation of GitHub Actions, on stdout',
    },
  },
  examples: ['assay contracts check', 'assay contracts check contracts/spend/council_payments.yaml --json'],
  positionals: { min: 0, max: Number.POSITIVE_INFINITY, name: 'FILE' },
  async run(args, io) {
    const places = locations(args, io);
    const source = fileContractSource(places);
    const { contracts, problems, files } =
      args.positionals.length === 0
        ? await checkFolder(source, places)
        : await checkFiles(args.positionals, { source, places, io });
    const shown = problems.map((problem) => ({ ...problem, file: shownPath(problem.file, io) }));
    if (args.has('json')) {
      const sound = contracts.map(({ dataset, layer, version, file }) => ({ dataset, layer, version, file }));
      io.out(
        JSON.stringify(
          { files: files.map((file) => shownPath(file, io)), contracts: sound, problems: shown },
          null,
          2,
        ),
      );
    } else {
      if (contracts.length > 0) io.out(contractTable(contracts));
      for (const problem of shown) io.err(printable(problemText(problem)));
      if (args.has('github')) for (const problem of shown) io.out(annotation(problem));
      io.out(summary(files.length, problems.length));
    }
    return problems.length === 0 ? EXIT.ok : EXIT.usage;
  },
};

/** What was looked at and found; problems name files by absolute path. */
interface Checked {
  readonly contracts: readonly Contract[];
  readonly problems: readonly ContractProblem[];
  readonly files: readonly string[];
}

async function checkFolder(source: ContractSource, places: Locations): Promise<Checked> {
  const loaded = await loadContracts(source);
  const contracts = [...loaded.contracts.values()];
  const below = (file: string): string => path.join(places.contractsDir, file);
  return {
    contracts,
    problems: [...loaded.problems, ...loaded.gaps, ...(await sqlProblems(contracts, source))].map(
      (problem) => ({
        ...problem,
        file: below(problem.file),
      }),
    ),
    files: loaded.files.map(below),
  };
}

/** A file of the contracts folder is checked with the others there, another one by itself. */
async function checkFiles(
  names: readonly string[],
  { source, places, io }: { readonly source: ContractSource; readonly places: Locations; readonly io: Io },
): Promise<Checked> {
  let folder: Checked | undefined;
  const all: { contracts: Contract[]; problems: ContractProblem[]; files: string[] } = {
    contracts: [],
    problems: [],
    files: [],
  };
  for (const name of names) {
    const file = path.resolve(io.cwd, name);
    const text = await readContractText(file);
    const isInFolder = !path.relative(places.contractsDir, file).startsWith('..') && /\.ya?ml$/i.test(file);
    if (isInFolder) folder ??= await checkFolder(source, places);
    const found =
      isInFolder && folder !== undefined
        ? only(folder, file, places)
        : await checkAlone({ file, text }, source);
    all.contracts.push(...found.contracts);
    all.problems.push(...found.problems);
    all.files.push(file);
  }
  return all;
}

function only(folder: Checked, file: string, { contractsDir }: Locations): Checked {
  return {
    contracts: folder.contracts.filter((contract) => path.join(contractsDir, contract.file) === file),
    problems: folder.problems.filter((problem) => problem.file === file),
    files: [file],
  };
}

async function checkAlone(one: ContractText, source: ContractSource): Promise<Checked> {
  const { file, text } = one;
  const result = readContract(file, text);
  if (result.kind === 'invalid') return { contracts: [], problems: result.problems, files: [file] };
  const contracts = [result.contract];
  return {
    contracts,
    problems: [...result.gaps, ...(await sqlProblems(contracts, { ...source, list: async () => [one] }))],
    files: [file],
  };
}

function contractTable(contracts: readonly Contract[]): string {
  return table(
    [
      { name: 'dataset' },
      { name: 'layer' },
      { name: 'version' },
      { name: 'columns', align: 'right' },
      { name: 'owner' },
    ],
    contracts.map(({ dataset, layer, version, columns, owner }) => [
      dataset,
      layer,
      version,
      String(columns.length),
      owner,
    ]),
  );
}

function summary(files: number, problems: number): string {
  const looked = `${plural(files, 'file')} checked`;
  return problems === 0 ? `\n${looked}: no problems.` : `\n${looked}: ${plural(problems, 'problem')}.`;
}
