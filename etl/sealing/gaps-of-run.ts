import { type Engine, readParquet } from '../engine/engine.ts';
import { identifier } from '../engine/sql.ts';
import { type EventContract, isOfEvents } from '../eventstore/event-order.ts';
import { findGaps } from '../eventstore/find-gaps.ts';
import type { Seal } from '../stages/documents.ts';
import type { DataFile } from '../table/schema.ts';
import { mayShareKey } from './candidates-in-files.ts';
import type { HeldFiles } from './held-files.ts';
import type { ResolvedSilver } from './resolve-silver.ts';
import type { Sealing } from './sealing.ts';

/** Streams of the run in which events are missing once it is published. */
export async function gapsOfRun(
  { engine, held, context: { contract } }: Sealing,
  { files, kept }: Pick<ResolvedSilver, 'files' | 'kept'>,
): Promise<Pick<Seal, 'gaps'>> {
  if (!isOfEvents(contract) || !contract.events.contiguous || files.length === 0) return {};
  const byStream = { ...contract, key: [contract.events.stream] };
  const near = kept.filter((base) => files.some((file) => mayShareKey(byStream, file, base)));
  const sides = { files, all: [...files, ...near] };
  const events = held.fits(sides.all)
    ? await inPlace(held, sides)
    : await gathered(engine, { held, contract, ...sides });
  const gaps = await findGaps({ engine, contract, ...events });
  return gaps === undefined ? {} : { gaps };
}

/** Files with events of the streams that are looked at, and all that may have more of them. */
interface Sides {
  readonly files: readonly DataFile[];
  readonly all: readonly DataFile[];
}

interface Events {
  readonly touched: string;
  readonly all: string;
}

async function inPlace(held: HeldFiles, { files, all }: Sides): Promise<Events> {
  return { touched: readParquet(await held.paths(files)), all: readParquet(await held.paths(all)) };
}

/** Of more files than fit on the disk at once, only the streams and the versions, of those streams that count. */
async function gathered(
  engine: Engine,
  { held, contract, files, all }: Sides & { readonly held: HeldFiles; readonly contract: EventContract },
): Promise<Events> {
  const [stream, version] = [identifier(contract.events.stream), identifier(contract.events.version)];
  for (const [table, some] of [
    ['touched_streams', files],
    ['stream_events', all],
  ] as const) {
    const isAll = table === 'stream_events';
    const columns = isAll ? `${stream}, ${version}` : `DISTINCT ${stream}`;
    const those = isAll ? `WHERE ${stream} IN (SELECT ${stream} FROM touched_streams)` : '';
    for (const [n, batch] of held.batches(some).entries()) {
      const rows = `SELECT ${columns} FROM ${readParquet(await held.paths(batch))} ${those}`;
      await engine.run(
        n === 0 ? `CREATE OR REPLACE TEMP TABLE ${table} AS ${rows}` : `INSERT INTO ${table} ${rows}`,
      );
    }
  }
  return { touched: 'touched_streams', all: 'stream_events' };
}
