import type { SourceContract } from '../../etl/contract/contract.ts';
import type { JsonJudge, JsonVerdict } from '../../etl/judging/json-judge.ts';
import { contractIdOf } from '../policy/contract-id.ts';
import { type Gate, type GateState, withFaults } from './gate.ts';
import { reasonCode } from './reason-code.ts';

/** A dataset's contract, ready to judge; or why nothing can be judged by one. */
export type ReadyContract =
  | { readonly kind: 'ready'; readonly contract: SourceContract; readonly judge: JsonJudge }
  | {
      readonly kind: 'none';
      readonly reason: 'CONTRACT_MISSING' | 'CONTRACT_INVALID' | 'CONTRACT_NOT_JSONL';
    };

/** The contracts of datasets. */
export interface ReadyContracts {
  /** Looks for changes, now and then: called before each batch. */
  refresh(): Promise<void>;
  of(dataset: string): Promise<ReadyContract>;
}

/**
 * CONTRACT: judges the line under which an event lands, as the batch workflow will. Faults: the contract's reasons
 * (`NULL_VALUE:customer_id`), `BLANK_RECORD` for one without any value, `CONTRACT_MISSING`, `CONTRACT_INVALID` and
 * `CONTRACT_NOT_JSONL` where there is no contract to judge by. Warning: `CONTRACT_OTHER` where the policy names another major
 * version than the one that judged.
 */
export const contractGate = (contracts: ReadyContracts): Gate => ({
  name: 'CONTRACT',
  async judge(states) {
    const judged = new Map<GateState, GateState>();
    for (const [dataset, group] of byDataset(states))
      for (const [before, after] of await judgeGroup(group, await contracts.of(dataset)))
        judged.set(before, after);
    return states.map((state) => judged.get(state) ?? state);
  },
});

function byDataset(states: readonly GateState[]): Map<string, GateState[]> {
  const groups = new Map<string, GateState[]>();
  for (const state of states) {
    if (state.dataset === undefined || !state.isReadable) continue;
    const group = groups.get(state.dataset);
    if (group === undefined) groups.set(state.dataset, [state]);
    else group.push(state);
  }
  return groups;
}

async function judgeGroup(
  states: readonly GateState[],
  ready: ReadyContract,
): Promise<readonly (readonly [GateState, GateState])[]> {
  if (ready.kind === 'none')
    return states.map((state) => [state, withFaults(state, 'CONTRACT', [ready.reason])]);
  const { contract, judge } = ready;
  const id = contractIdOf(contract.dataset, contract.version);
  const read = judge.read(states.map(({ line }) => line));
  const verdicts = await judge.judgeRead(read);
  return states.map((state, n) => {
    const named = state.policy.policy.contract_id;
    const record = read[n];
    const judged: GateState = {
      ...withFaults(state, 'CONTRACT', isForgotten(state, contract) ? [] : reasonsOf(verdicts[n])),
      ...(record !== undefined && 'values' in record ? { values: record.values } : {}),
      contract: { id, version: contract.version },
      notJudged: judge.notJudged,
      warnings: named === undefined || named === id ? state.warnings : [...state.warnings, 'CONTRACT_OTHER'],
    };
    return [state, judged];
  });
}

/** Whether an event only lets a compacted topic forget a key, behind the event that deleted its row: there is nothing to judge. */
const isForgotten = ({ payload, event }: GateState, { csv }: SourceContract): boolean =>
  csv.envelope === 'debezium' && payload.kind === 'none' && event.key !== null;

function reasonsOf(verdict: JsonVerdict | undefined): string[] {
  if (verdict === undefined) return [];
  if (verdict.kind === 'blank') return ['BLANK_RECORD'];
  return [...new Set(verdict.reasons.map(reasonCode))];
}
