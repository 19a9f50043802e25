import { Buffer } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ContractError } from '../etl/contract/problems.ts';
import { readContract } from '../etl/contract/read-contract.ts';
import { openEngine } from '../etl/engine/engine.ts';
import { ConfigError } from '../etl/errors.ts';
import { JsonJudge, type JsonVerdict } from '../etl/judging/json-judge.ts';

/** Judges records by a contract before they are sent. */
export interface Judge {
  /** What a record alone can't tell: codes that it may still get when its file is judged, e.g. `DUPLICATE`. */
  readonly notJudged: readonly string[];
  /** Judges records of JSON, each a text or its bytes on one line, in their order. */
  judge(records: readonly (string | Uint8Array)[]): Promise<JsonVerdict[]>;
  close(): void;
}

/**
 * Makes the contract in a file ready to judge records of JSON one by one: the same reasons and hashes as those of files.
 * Reasons show no personal or confidential value; with a `digestKey`, a keyed digest. Throws ContractError, and ConfigError
 * `NOT_A_SOURCE` for the contract of a Gold table or projection.
 */
export async function openJudge(file: string, options: { readonly digestKey?: string } = {}): Promise<Judge> {
  const result = readContract(path.basename(file), await readFile(file, 'utf8'));
  if (result.kind === 'invalid') throw new ContractError(result.problems);
  const { contract } = result;
  if (contract.layer !== 'silver')
    throw new ConfigError(
      'NOT_A_SOURCE',
      `${file} is the contract of a ${contract.layer === 'gold' ? 'Gold table' : 'projection'}: no records come for it.`,
    );
  const engine = await openEngine({ threads: 1, memoryLimitMb: 256 });
  try {
    const judge = await JsonJudge.open(engine, contract, options);
    return {
      notJudged: judge.notJudged,
      judge: (records) =>
        judge.judge(records.map((one) => (typeof one === 'string' ? Buffer.from(one) : one))),
      close: () => engine.close(),
    };
  } catch (error) {
    engine.close();
    throw error;
  }
}
