import { ARRIVAL_NAME } from '../contract/arrival-month.ts';
import type { Proposal } from './proposal.ts';

/** What only a person knows of a dataset. */
export interface Decisions {
  readonly owner: string;
  readonly purpose: string;
  readonly key: readonly string[];
  /** A date or timestamp column, or `arrived_at` for the month in which files come. */
  readonly partitionColumn: string;
}

/** What is wrong with a key that a person names; undefined where it will do. */
export function wrongKey({ columns }: Proposal, key: readonly string[]): string | undefined {
  const unknown = key.find((name) => !columns.some((column) => column.name === name));
  if (unknown !== undefined)
    return `There is no column '${unknown}'; there are ${columns.map(({ name }) => name).join(', ')}.`;
  return key.length === 0 ? 'A key has one column at least.' : undefined;
}

/** What is wrong with a partition column that a person names; undefined where it will do. */
export function wrongPartition({ columns }: Proposal, name: string): string | undefined {
  if (name === ARRIVAL_NAME) return undefined;
  const dates = columns.filter(({ type }) => type.kind === 'date' || type.kind === 'timestamptz');
  if (dates.some((column) => column.name === name)) return undefined;
  const there = [...dates.map((column) => column.name), ARRIVAL_NAME].join(', ');
  return `'${name}' is no date or timestamp; there is ${there} (the month in which files come).`;
}

/** A proposal with what a person decided: columns of the key and the partition column are required, and nothing is left to decide about them. */
export function decideProposal(proposal: Proposal, { key, partitionColumn }: Decisions): Proposal {
  const needed = new Set([...key, partitionColumn]);
  const { notes } = proposal;
  const undecided = (list: Proposal['notes']['key']) => list.filter(({ kind }) => kind !== 'decide');
  return {
    ...proposal,
    key,
    partitionColumn,
    columns: proposal.columns.map((column) =>
      needed.has(column.name) ? { ...column, required: true } : column,
    ),
    notes: {
      ...notes,
      contract: undecided(notes.contract),
      key: undecided(notes.key),
      partition: undecided(notes.partition),
    },
  };
}
