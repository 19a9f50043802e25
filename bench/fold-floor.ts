import vm from 'node:vm';
import { transform } from 'sucrase';
import { cpuSeconds } from './cpu-seconds.ts';

/** What code alone takes for an event, in one process with nothing around it: processor time in microseconds. */
export interface FoldFloor {
  /** The call of `apply`, its events made before. */
  readonly apply: number;
  /** With making an object of each event's values, longs as bigints. */
  readonly withEvents: number;
  /** With the JSON of each stream's state and rows as well. */
  readonly withJson: number;
}

interface Work {
  apply(): number;
  withEvents(): number;
  withJson(): number;
}

/**
 * Folds events like those of the bench in a context of `vm`, each kind of work again and again until the engine has
 * compiled what it will; the shortest time counts. `each` is how many events a stream has.
 */
export function foldFloor(code: string, each: number, events = 500_000): FoldFloor {
  const { code: script } = transform(code, { transforms: ['imports'], disableESTransforms: true });
  const text = `(function (BigInt, JSON) { const exports = {}; ${script}\n return ${AROUND}; })(BigInt, JSON)`;
  const open = vm.runInContext(text, vm.createContext({})) as (events: number, each: number) => Work;
  const work = open(events, each);
  const timed = (run: () => number): number => {
    let seconds = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 5; round++) {
      const start = cpuSeconds();
      run();
      seconds = Math.min(seconds, cpuSeconds() - start);
    }
    return (seconds * 1e6) / events;
  };
  return { apply: timed(work.apply), withEvents: timed(work.withEvents), withJson: timed(work.withJson) };
}

/** As text: it must have been made in the context that it runs in. */
const AROUND = `(events, each) => {
  const v = Array.from({ length: 6 }, () => []);
  for (let i = 0; i < events; i++) {
    const values = [i, 'account-' + Math.floor(i / each), 2 * (i % each) + 2, ['opened', 'paid', 'charged'][i % 3]];
    values.push('2026-01-01T00:' + String(i % 60).padStart(2, '0') + ':00.000000Z', (i % 100_000 / 100).toFixed(2));
    for (const [n, value] of values.entries()) v[n].push(value);
  }
  const event = (i) => ({ event_id: BigInt(v[0][i]), account: v[1][i], version: BigInt(v[2][i]), kind: v[3][i], at: v[4][i], amount: v[5][i] });
  const made = Array.from({ length: events }, (_, i) => event(i));
  const tagged = (_, value) => (typeof value === 'bigint' ? { $long: String(value) } : value);
  const fold = (eventAt, end) => {
    let sum = 0;
    for (let i = 0; i < events; ) {
      let state = exports.initial;
      for (let n = 0; n < each && i < events; n++) state = exports.apply(state, eventAt(i++));
      sum += end(state);
    }
    return sum;
  };
  return {
    apply: () => fold((i) => made[i], (state) => state.events),
    withEvents: () => fold(event, (state) => state.events),
    withJson: () => fold(event, (state) => JSON.stringify(state, tagged).length + JSON.stringify(exports.rows(state)).length),
  };
}`;
