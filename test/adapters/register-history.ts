/** One operation on one key as it was seen from outside; every written value is written once only. */
export type Happened = {
  readonly startedAt: number;
  /** Infinity where the process was killed in it: it may have taken effect or not. */
  readonly endedAt: number;
} & (
  | { readonly kind: 'get'; readonly saw: string | undefined }
  | { readonly kind: 'put'; readonly value: string }
  | { readonly kind: 'create'; readonly value: string; readonly done: boolean }
  | { readonly kind: 'swap'; readonly over: string; readonly value: string; readonly done: boolean }
  | { readonly kind: 'remove' }
);

/**
 * Whether the operations can have happened one after another, each at some moment between its start
 * and its end (linearizability), by trying every order. With `repeats`, an unconditional write or
 * removal may have happened twice in that time, as when a client repeats a request that was cut off; and a creation that
 * was refused may have happened before, if an unconditional write took its place.
 */
export function isLinearizable(history: readonly Happened[], options: { repeats: boolean }): boolean {
  const all = history.map((operation) => ({ operation, optional: operation.endedAt === Infinity }));
  const unconditional = all.filter(
    ({ operation }) => operation.kind === 'put' || operation.kind === 'remove',
  );
  const refused = history.flatMap((operation) =>
    operation.kind === 'create' && !operation.done ? [{ ...operation, done: true }] : [],
  );
  const again = [...unconditional.map(({ operation }) => operation), ...refused].map((operation) => ({
    operation,
    optional: true,
  }));
  return hasOrder(options.repeats ? [...all, ...again] : all, undefined);
}

interface Candidate {
  readonly operation: Happened;
  /** May as well not have happened. */
  readonly optional: boolean;
}

type State = string | undefined;

function hasOrder(candidates: readonly Candidate[], state: State): boolean {
  if (candidates.every((candidate) => candidate.optional)) return true;
  const firstEnd = Math.min(...candidates.map(({ operation }) => operation.endedAt));
  return candidates.some((candidate) => {
    if (candidate.operation.startedAt > firstEnd) return false;
    const rest = candidates.filter((other) => other !== candidate);
    return statesAfter(candidate, state).some((next) => hasOrder(rest, next));
  });
}

/** What may be there after an operation; nothing where it can't have gone as it was seen to. */
function statesAfter({ operation, optional }: Candidate, state: State): State[] {
  if (operation.kind === 'get') return optional || operation.saw === state ? [state] : [];
  const applied = allows(operation, state) ? [operation.kind === 'remove' ? undefined : operation.value] : [];
  if (optional) return [...applied, state];
  if (operation.kind === 'put' || operation.kind === 'remove' || operation.done) return applied;
  return applied.length === 0 ? [state] : [];
}

function allows(operation: Exclude<Happened, { kind: 'get' }>, state: State): boolean {
  if (operation.kind === 'create') return state === undefined;
  return operation.kind !== 'swap' || state === operation.over;
}
