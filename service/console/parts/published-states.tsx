import { readRun, runKeys } from '../../../etl/operations/find-run.ts';
import type { Effects } from '../../../etl/ports.ts';
import { isAllowed } from '../../identity/identity.ts';
import type { PageRequest } from '../page.ts';

/** States that are offered. */
const MOST = 20;

/** A moment at which something was published. */
interface PublishedState {
  readonly at: string;
  readonly what: string;
}

/** The last moments at which something was published, newest first, for who may see runs. */
export async function publishedStates({
  identity,
  service,
}: PageRequest): Promise<readonly PublishedState[]> {
  if (!isAllowed(identity, 'runs.read', service)) return [];
  const effects: Effects = service.lake.effects;
  const states: PublishedState[] = [];
  let looked = 0;
  for await (const key of runKeys(effects)) {
    const run = await readRun(effects, key);
    if (run?.status === 'promoted')
      states.push({ at: afterSecond(run.endedAt), what: `${run.dataset}, run …${run.runId.slice(-8)}` });
    if (states.length === MOST || ++looked === 2 * MOST) break;
  }
  return states;
}

/** The whole second after a moment: what was published by then is seen. */
const afterSecond = (at: string): string =>
  new Date(Math.ceil(Date.parse(at) / 1000) * 1000).toISOString().replace('.000Z', 'Z');

/** The states as suggestions of a field, which names them by its `list`. */
export function StateList({
  id,
  states,
}: {
  readonly id: string;
  readonly states: readonly PublishedState[];
}) {
  return (
    <datalist id={id}>
      {states.map(({ at, what }) => (
        <option value={at}>{what}</option>
      ))}
    </datalist>
  );
}
