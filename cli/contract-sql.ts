import { foldRunner } from '../adapters/local/fold-worker/fold-worker.ts';
import { checkColumnsSql } from '../etl/contract/check-columns-sql.ts';
import { checkRules } from '../etl/contract/check-rules.ts';
import type { Contract, ProjectionContract } from '../etl/contract/contract.ts';
import type { ContractProblem } from '../etl/contract/problems.ts';
import { type Engine, withEngine } from '../etl/engine/engine.ts';
import { ConfigError } from '../etl/errors.ts';
import { checkGoldSql } from '../etl/gold/check-gold.ts';
import type { ContractSource } from '../etl/ports.ts';
import { foldCode, projectionCode } from '../etl/projecting/projection-code.ts';

/** What an engine that only parses may take. */
const PARSER = { memoryLimitMb: 200, threads: 1 };

/** What of the contracts' own SQL can't be run: record rules and checks of columns, the SQL of Gold tables and the code of projections. */
export async function sqlProblems(
  contracts: readonly Contract[],
  source: ContractSource,
): Promise<ContractProblem[]> {
  if (contracts.length === 0) return [];
  return await withEngine(PARSER, undefined, async (engine) => {
    const problems: ContractProblem[] = [];
    for (const contract of contracts) {
      if (contract.layer === 'silver') problems.push(...(await wrongChecks(engine, contract, source)));
      else if (contract.layer === 'projection')
        problems.push(
          ...(await wrongChecks(engine, contract, source)),
          ...(await wrongCode(contract, { source, contracts })),
        );
      else if (contract.layer === 'gold')
        problems.push(...(await wrongGoldTable(engine, contract, { source, contracts })));
    }
    return problems;
  });
}

type Gold = Extract<Contract, { layer: 'gold' }>;

/** Record rules that are no expression over their contract's columns, and checks of columns that DuckDB can't compile. */
async function wrongChecks(
  engine: Engine,
  contract: Contract,
  source: ContractSource,
): Promise<ContractProblem[]> {
  const { file, rules, columns } = contract;
  // One at a time: what is wrong must not hide the next.
  const checks = [
    ...rules.map((rule) => ({
      text: rule.rule,
      path: 'quality',
      check: () => checkRules(engine, { ...contract, rules: [rule] }),
    })),
    ...columns.map((column) => ({
      text: `name: ${column.name}`,
      path: 'properties',
      check: () => checkColumnsSql(engine, { ...contract, columns: [column] }),
    })),
  ];
  const problems: ContractProblem[] = [];
  for (const { text, path, check } of checks) {
    const message = (await messageOfConfigError(check))?.replace(`${file}: `, '');
    if (message !== undefined) problems.push({ file, line: await lineOf(source, file, text), path, message });
  }
  return problems;
}

/** Checks of a Gold contract that can't be run; where there are none, what is wrong with its SQL. */
async function wrongGoldTable(
  engine: Engine,
  contract: Gold,
  { source, contracts }: { readonly source: ContractSource; readonly contracts: readonly Contract[] },
): Promise<ContractProblem[]> {
  const checks = await wrongChecks(engine, contract, source);
  return checks.length > 0 ? checks : await wrongGold(engine, contract, { source, contracts });
}

/** Gold SQL that can't be read, or is no query of the contract's inputs. */
async function wrongGold(
  engine: Engine,
  contract: Gold,
  { source, contracts }: { readonly source: ContractSource; readonly contracts: readonly Contract[] },
): Promise<ContractProblem[]> {
  const byDataset = new Map(contracts.map((one) => [one.dataset, one]));
  const message = await messageOfConfigError(async () =>
    checkGoldSql(engine, contract, { sql: await source.sql(contract.sql), contracts: byDataset }),
  );
  if (message === undefined) return [];
  const line = await lineOf(source, contract.file, 'assay.sql');
  return [{ file: contract.file, line, path: 'assay.sql', message }];
}

/** Code of a projection that isn't there, can't be loaded or exports no `apply`, and a shipped fold that can't give its columns. */
async function wrongCode(
  contract: ProjectionContract,
  { source, contracts }: { readonly source: ContractSource; readonly contracts: readonly Contract[] },
): Promise<ContractProblem[]> {
  const events = contracts.find(({ dataset }) => dataset === contract.inputs[0]);
  // What is wrong with the dataset's contract is told of that.
  if (events?.layer !== 'silver' || events.events === undefined) return [];
  const from = { ...events, events: events.events };
  const message = await messageOfConfigError(async () => {
    const { code } = await projectionCode(source, contract, from);
    const worker = await foldRunner().open(
      foldCode({ digestKey: () => '' }, { code, contract, source: from }),
    );
    await worker.close();
  });
  if (message === undefined) return [];
  const line = await lineOf(source, contract.file, 'assay.layer');
  return [{ file: contract.file, line, path: 'assay.fold', message }];
}

async function messageOfConfigError(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

/** The first line of a contract that holds a text; 1 where none does. */
async function lineOf(source: ContractSource, file: string, text: string): Promise<number> {
  const found = (await source.list()).find((one) => one.file === file);
  return Math.max(1, (found?.text ?? '').split('\n').findIndex((line) => line.includes(text)) + 1);
}
