import type { ContractColumn, SourceContract } from '../../etl/contract/contract.ts';
import type { RawRecord } from '../../etl/judging/record-judge.ts';
import { findPii } from '../../etl/privacy/pii/find-pii.ts';
import { unknownKinds, watchedColumns } from '../../etl/privacy/pii/watched-columns.ts';
import { isProtected, protectionOf } from '../../etl/privacy/protection.ts';
import type { ReadyContracts } from './contract.ts';
import { type Gate, type GateState, withFaults } from './gate.ts';

/**
 * PII: looks for personal data where the contract says that there is none, as the batch workflow does. By the policy it
 * fails the event (BLOCK), is only said (ALERT), or is not looked for (ALLOW); of a protected dataset it always fails it.
 * Fault and warning: `PII_DETECTED:column`.
 */
export const piiGate = (contracts: ReadyContracts): Gate => ({
  name: 'PII',
  async judge(states) {
    const judged: GateState[] = [];
    for (const state of states) judged.push(await judgeOne(state, contracts));
    return judged;
  },
});

async function judgeOne(state: GateState, contracts: ReadyContracts): Promise<GateState> {
  const { dataset, policy, values } = state;
  const { pii_policy: said } = policy.policy;
  if (dataset === undefined || values === undefined) return state;
  const ready = await contracts.of(dataset);
  if (ready.kind === 'none') return state;
  const watcher = watcherOf(ready.contract);
  // What may not be stored in the clear is sealed whole, and never published.
  const isBlocked = said === 'BLOCK' || watcher.isProtected;
  if (said === 'ALLOW' && !isBlocked) return state;
  const found = watcher.find(values).map((column) => `PII_DETECTED:${column}`);
  if (found.length === 0) return state;
  return isBlocked ? withFaults(state, 'PII', found) : { ...state, warnings: [...state.warnings, ...found] };
}

interface Watcher {
  readonly isProtected: boolean;
  /** Columns of a record in which there is personal data that they aren't known to hold. */
  find(values: RawRecord['values']): string[];
}

const watchers = new WeakMap<SourceContract, Watcher>();

function watcherOf(contract: SourceContract): Watcher {
  const known = watchers.get(contract);
  if (known !== undefined) return known;
  const watched = watchedColumns(contract).map((column) => ({
    column,
    place: contract.columns.indexOf(column),
    kinds: new Set(unknownKinds(column).map(({ name }) => name)),
  }));
  const find = (values: RawRecord['values']): string[] =>
    watched.flatMap(({ column, place, kinds }) => {
      const raw = values[place];
      return raw !== null &&
        raw !== undefined &&
        mayHold(column, raw) &&
        findPii(raw).some((kind) => kinds.has(kind))
        ? [column.name]
        : [];
    });
  const watcher = { find, isProtected: isProtected(protectionOf(contract)) };
  watchers.set(contract, watcher);
  return watcher;
}

/** Texts may, and whole numbers as long as a card's; a value out of the contract's own list is known to its author. */
function mayHold({ type, checks }: ContractColumn, raw: string): boolean {
  if (type.kind !== 'string' && !(type.kind === 'long' && raw.length >= LEAST_CARD_DIGITS)) return false;
  return !checks.some((check) => check.kind === 'values' && check.values.includes(raw.trim()));
}

const LEAST_CARD_DIGITS = 13;
