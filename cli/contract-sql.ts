import { tmpdir } from 'node:os';
import { checkRules } from '../etl/contract/check-rules.ts';
import type { Contract } from '../etl/contract/contract.ts';
import type { ContractProblem } from '../etl/contract/problems.ts';
import { type Engine, withEngine } from '../etl/engine/engine.ts';
import { ConfigError } from '../etl/errors.ts';
import type { ContractSource } from '../etl/ports.ts';

/** What an engine that only parses may take. */
const PARSER = { memoryLimitMb: 100, threads: 1 };

/** Gold contracts whose SQL file can't be read. */
export async function sqlProblems(
  contracts: readonly Contract[],
  source: ContractSource,
): Promise<ContractProblem[]> {
  const problems: ContractProblem[] = [];
  for (const contract of contracts) {
    if (contract.layer !== 'gold') continue;
    const message = await messageOfConfigError(() => source.sql(contract.sql));
    if (message === undefined) continue;
    const line = await lineOf(source, contract.file, 'assay.sql');
    problems.push({ file: contract.file, line, path: 'assay.sql', message });
  }
  return problems;
}

/** Record rules that are no expression over their contract's columns. */
export async function ruleProblems(
  contracts: readonly Contract[],
  source: ContractSource,
): Promise<ContractProblem[]> {
  const ruled = contracts.filter(({ rules }) => rules.length > 0);
  if (ruled.length === 0) return [];
  return await withEngine(PARSER, tmpdir(), async (engine) => {
    const problems: ContractProblem[] = [];
    for (const contract of ruled) problems.push(...(await wrongRules(engine, contract, source)));
    return problems;
  });
}

async function wrongRules(
  engine: Engine,
  contract: Contract,
  source: ContractSource,
): Promise<ContractProblem[]> {
  if (contract.layer !== 'silver') return [];
  const problems: ContractProblem[] = [];
  // One at a time: a wrong rule must not hide the next.
  for (const rule of contract.rules) {
    const message = await messageOfConfigError(() => checkRules(engine, { ...contract, rules: [rule] }));
    if (message === undefined) continue;
    const line = await lineOf(source, contract.file, rule.rule);
    problems.push({
      file: contract.file,
      line,
      path: 'quality',
      message: message.replace(`${contract.file}: `, ''),
    });
  }
  return problems;
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
