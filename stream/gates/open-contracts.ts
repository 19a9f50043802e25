import { checkContractSql } from '../../etl/contract/check-contract-sql.ts';
import type { SourceContract } from '../../etl/contract/contract.ts';
import { type LoadedContracts, loadContracts } from '../../etl/contract/load-contracts.ts';
import type { Engine } from '../../etl/engine/engine.ts';
import { ConfigError } from '../../etl/errors.ts';
import { JsonJudge } from '../../etl/judging/json-judge.ts';
import type { Clock, ContractSource } from '../../etl/ports.ts';
import type { ReadyContract, ReadyContracts } from './contract.ts';

/** What contracts are made ready with. */
export interface ContractParts {
  readonly source: ContractSource;
  readonly engine: Engine;
  readonly clock: Clock;
  /** After how long the source is looked at again; 10 s unless said. */
  readonly refreshMs?: number;
}

/** Makes the contracts of a source ready as they are asked for, each once as long as its text is the same. */
export function openContracts({ source, engine, clock, refreshMs = 10_000 }: ContractParts): ReadyContracts {
  const opened = new WeakMap<SourceContract, Promise<ReadyContract>>();
  let loaded: LoadedContracts | undefined;
  let loadedMs = Number.NEGATIVE_INFINITY;
  const refresh = async (): Promise<void> => {
    const nowMs = clock.now().getTime();
    if (nowMs - loadedMs < refreshMs) return;
    loaded = await loadContracts(source);
    loadedMs = nowMs;
  };
  return {
    refresh,
    async of(dataset) {
      if (loaded === undefined) await refresh();
      const contract = loaded?.contracts.get(dataset);
      if (contract?.layer !== 'silver')
        return {
          kind: 'none',
          reason: loaded?.unusable.has(dataset) ? 'CONTRACT_INVALID' : 'CONTRACT_MISSING',
        };
      if (contract.csv.format !== 'jsonl') return { kind: 'none', reason: 'CONTRACT_NOT_JSONL' };
      const ready = opened.get(contract) ?? openContract(engine, contract);
      opened.set(contract, ready);
      return await ready;
    },
  };
}

async function openContract(engine: Engine, contract: SourceContract): Promise<ReadyContract> {
  try {
    await checkContractSql(engine, contract);
    return { kind: 'ready', contract, judge: await JsonJudge.open(engine, contract, { isEvents: true }) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { kind: 'none', reason: 'CONTRACT_INVALID' };
  }
}
