import { ARRIVAL_NAME } from '../contract/arrival-month.ts';
import type { Proposal } from './proposal.ts';

/** What only a person knows of a dataset. */
export interface Decisions {
  readonly owner: string;
  readonly purpose: string;
  /** Columns, or RECORD_KEY alone. */
  readonly key: readonly string[];
  /** A date or timestamp column, or `arrived_at` for the month in which files come. */
  readonly partitionColumn: string;
}

/** What a person says where no columns tell records apart. */
export const RECORD_KEY = 'record';

/** Whether a person means the whole record, and no column of that name. */
function isRecord({ columns }: Proposal, key: readonly string[]): boolean {
  return key.length === 1 && key[0] === RECORD_KEY && !columns.some(({ name }) => name === RECORD_KEY);
}

/** What is wrong with a key that a person names; undefined where it will do. */
export function wrongKey(proposal: Proposal, key: readonly string[]): string | undefined {
  if (isRecord(proposal, key)) return undefined;
  const { columns } = proposal;
  const unknown = key.find((name) => !columns.some((column) => column.name === name));
  if (unknown !== undefined)
    return `There is no column '${unknown}'; there are ${columns.map(({ name }) => name).join(', ')}, or ${RECORD_KEY} for the whole record.`;
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
export function decideProposal(proposal: Proposal, decisions: Decisions): Proposal {
  const { partitionColumn } = decisions;
  const key = isRecord(proposal, decisions.key) ? [] : decisions.key;
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
