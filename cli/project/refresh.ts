import type { ProjectionContract } from '../../etl/contract/contract.ts';
import { type LoadedContracts, loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { ConfigError } from '../../etl/errors.ts';
import { tellPublished } from '../../etl/events/tell-published.ts';
import { followCatalog } from '../../etl/stages/follow-catalog.ts';
import { refreshOne } from '../../etl/stages/refresh-projections.ts';
import { newRunId } from '../../etl/stages/run-id.ts';
import type { Args, Option } from '../command.ts';
import type { Io } from '../io.ts';
import { openLakeOf } from '../open-lake.ts';
import { plural } from '../print/format.ts';

/** The options of `assay project` that make a projection. */
export const REFRESH_OPTIONS: Readonly<Record<string, Option>> = {
  rebuild: {
    type: 'boolean',
    help: 'fold all events anew, also where nothing changed; readers change over in one commit',
  },
};

/** Brings a projection up to the events that are published, and prints what that changed. Throws what its code does wrong. */
export async function refreshProject(args: Args, io: Io): Promise<void> {
  const lake = await openLakeOf(args, io);
  const { effects } = lake;
  const [dataset = ''] = args.positionals;
  const contract = requireProjection(await loadContracts(effects.contracts), dataset);
  const run = { dataset: contract.inputs[0], runId: newRunId(effects.clock.now()) };
  const done = await refreshOne(effects, { contract, run, isRebuild: args.has('rebuild') });
  await followCatalog(effects, contract);
  if (done !== undefined) await tellPublished(effects, run);
  if (args.has('json')) io.out(JSON.stringify({ projection: dataset, refreshed: done ?? null }, null, 2));
  else if (done === undefined) io.out(`${dataset}: nothing to do; it has all events that are published.`);
  else {
    const { table, streams, anew, events, restated } = done;
    io.out(
      `${table}: ${plural(events, 'event')} folded into ${plural(streams, 'stream')}, ${anew} of them from their start; ${plural(restated, 'published value')} changed.`,
    );
  }
}

/** The contract of a projection; throws ConfigError `NOT_A_PROJECTION` where it is none. */
export function requireProjection(loaded: LoadedContracts, dataset: string): ProjectionContract {
  const contract = requireContract(loaded, dataset);
  if (contract.layer === 'projection') return contract;
  const all = [...loaded.contracts.values()].filter(({ layer }) => layer === 'projection');
  const named = all.map((one) => one.dataset).join(', ');
  throw new ConfigError(
    'NOT_A_PROJECTION',
    `${dataset} is no projection; ${named === '' ? 'there is none: assay new projection NAME makes one' : `there are ${named}`}.`,
    { context: { dataset } },
  );
}
