import { requireProjection } from '../../etl/asking/require-projection.ts';
import type { ProjectionContract } from '../../etl/contract/contract.ts';
import { type LoadedContracts, loadContracts, requireContract } from '../../etl/contract/load-contracts.ts';
import { ConfigError } from '../../etl/errors.ts';
import type { StreamChange } from '../../etl/following/changed-streams.ts';
import { nextChanges, type Told } from '../../etl/following/next-changes.ts';
import { type Place, parsePlace } from '../../etl/following/place.ts';
import type { Effects } from '../../etl/ports.ts';
import { MASK, type Reader } from '../../etl/query/reader.ts';
import { publishedContract } from '../../etl/stages/kept-contracts.ts';
import { hiddenFrom } from '../identity/reader.ts';
import { masked } from './masked.ts';
import type { FollowedByMany } from './projection-changes.ts';

/** Who follows which projection, and what of it. */
export interface Following {
  readonly contract: ProjectionContract;
  readonly loaded: LoadedContracts;
  readonly followed: FollowedByMany;
  readonly reader: Reader;
  /** One stream alone. */
  readonly stream?: string | undefined;
  /** Where to go on, as text. */
  readonly since?: string | undefined;
}

/** What one follower is told, a step at a time. */
export interface SeenChanges {
  /** What is to be told next, as the reader may see it: nothing where there is nothing new. */
  next(): Promise<readonly Told[]>;
}

/**
 * Opens what a follower is told. Hidden columns are masked, also the name of the stream, and the version and time of its last event are left out where theirs are; throws ConfigError `PLACE` for what is
 * no place, and `NOT_PERMITTED` where a stream is asked for by a name that the reader may not see.
 */
export function openSeenChanges(
  effects: Effects,
  { contract, loaded, followed, reader, stream, since }: Following,
): SeenChanges {
  let place: Place | undefined = since === undefined ? undefined : parsePlace(since);
  const [own = ''] = contract.key;
  if (stream !== undefined && hiddenBy(reader, loaded, [contract]).stream)
    throw new ConfigError(
      'NOT_PERMITTED',
      `You may not see ${own} of ${contract.dataset}: follow all streams.`,
    );
  return {
    async next() {
      const told = await nextChanges(followed, place);
      place = told.at(-1)?.place ?? place;
      const [first] = told.flatMap((one) => (one.kind === 'change' ? [one] : []));
      if (first === undefined) return told;
      // Contracts may be others since it began, and the difference one that was found by an earlier one.
      const now = await loadContracts(effects.contracts);
      const written = requireProjection(requireContract(now, contract.dataset));
      const published = await publishedContract(effects.objects, written);
      return told.map((one) => {
        if (one.kind !== 'change') return one;
        const hidden = hiddenBy(reader, now, [published, one.contract]);
        if (stream !== undefined && (one.change.stream !== stream || hidden.stream))
          return { kind: 'nothing', place: one.place };
        return { ...one, change: shown(one.change, hidden) };
      });
    },
  };
}

/** What is hidden of changes. */
interface Hidden {
  readonly stream: boolean;
  readonly version: boolean;
  readonly at: boolean;
  readonly ofRows: ReadonlySet<string>;
}

/** What is hidden by the columns of events, or by those of a projection by any of some contracts. */
function hiddenBy(reader: Reader, loaded: LoadedContracts, of: readonly ProjectionContract[]): Hidden {
  const [one] = of;
  const source = requireContract(loaded, one?.inputs[0] ?? '');
  const hidden = hiddenFrom(reader, source);
  const { stream = '', version = '', at = '' } = source.layer === 'silver' ? (source.events ?? {}) : {};
  const ofRows = new Set(of.flatMap((contract) => [...hiddenFrom(reader, contract)]));
  return {
    stream: hidden.has(stream) || of.some(({ key: [own = ''] }) => ofRows.has(own)),
    version: hidden.has(version),
    at: hidden.has(at),
    ofRows,
  };
}

const shown = (change: StreamChange, hidden: Hidden): StreamChange => ({
  stream: hidden.stream ? MASK : change.stream,
  version: hidden.version ? null : change.version,
  at: hidden.at ? null : change.at,
  rows: change.rows.map((row) => masked(row, hidden.ofRows)),
});
