import type { PartitionEnd } from '../ports.ts';
import type { Claim } from './claim.ts';

/** What became of the events that landed. */
export interface Landed {
  /** Up to where each partition is done: at an end of its chain. */
  readonly ends: readonly PartitionEnd[];
  /** Datasets that got files. */
  readonly datasets: ReadonlySet<string>;
  readonly files: number;
  readonly events: number;
  /** Events that had landed before. */
  readonly repeated: number;
  /** Events that no contract takes, whenever they landed, and the keys of the first of their files. */
  readonly apart: number;
  readonly apartKeys: readonly string[];
}

/** Where nothing landed yet. */
export const NOTHING_LANDED: Landed = {
  ends: [],
  datasets: new Set(),
  files: 0,
  events: 0,
  repeated: 0,
  apart: 0,
  apartKeys: [],
};

/** What became of the events of a link, so many of which came. */
export function landedOf({ files }: Claim, events: number, isLanded: boolean): Landed {
  const apart = files.filter(({ dataset }) => dataset === undefined);
  return {
    ends: [],
    datasets: new Set(files.flatMap(({ dataset }) => (dataset === undefined ? [] : [dataset]))),
    files: isLanded ? 0 : files.length,
    events: isLanded ? 0 : events,
    repeated: isLanded ? events : 0,
    apart: apart.flatMap(({ runs }) => runs).reduce((sum, { start, end }) => sum + end - start, 0),
    apartKeys: apart.map(({ key }) => key),
  };
}

/** Two landings as one; the later ends hold. */
export const addLanded = (a: Landed, b: Landed): Landed => ({
  ends: b.ends,
  datasets: new Set([...a.datasets, ...b.datasets]),
  files: a.files + b.files,
  events: a.events + b.events,
  repeated: a.repeated + b.repeated,
  apart: a.apart + b.apart,
  apartKeys: [...a.apartKeys, ...b.apartKeys].slice(0, MOST_NAMED),
});

/** Files that lie apart are named for people, who need no more of them. */
const MOST_NAMED = 20;
