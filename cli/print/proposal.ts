import { typeText } from '../../etl/contract/column-type.ts';
import type { ContractProblem } from '../../etl/contract/problems.ts';
import { allNotes, type Proposal, type ProposedColumn } from '../../etl/inferring/proposal.ts';
import { count, plural, size } from './format.ts';
import { printable } from './printable.ts';
import { table } from './table.ts';

/** A proposal for programs. */
export function proposalJson(
  proposal: Proposal,
  { left, contract }: { readonly left: readonly ContractProblem[]; readonly contract: string },
) {
  const { domain, name, files, csv, columns, key, partitionColumn, measures } = proposal;
  return {
    dataset: `${domain}.${name}`,
    files,
    csv,
    columns: columns.map(({ notes: _, type, isCurrency, ...column }) => ({
      ...column,
      type: typeText(type),
      values: isCurrency ? 'iso-4217' : null,
    })),
    key,
    isKeyRecord: key.length === 0,
    partitionColumn: partitionColumn ?? null,
    measures,
    notes: allNotes(proposal).map(({ path, note }) => ({ path, ...note })),
    left,
    contract,
  };
}

/** A proposal for people: the files, the columns, what is to be decided and reviewed, and what a check would say. */
export function proposalText(proposal: Proposal, left: readonly string[]): string {
  const { domain, name, files, columns } = proposal;
  const notes = allNotes(proposal);
  const list = (kind: 'decide' | 'review'): string[] =>
    notes
      .filter(({ note }) => note.kind === kind)
      .map(({ path, note }) => `  ${printable(`${path}: ${note.text}`)}`);
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', title, ...lines];
  return [
    `${domain}.${name}, from ${plural(files.length, 'file')}`,
    '',
    fileTable(files),
    '',
    table(
      COLUMNS,
      columns.map((column) => columnRow(column, proposal)),
      { maxCell: 70 },
    ),
    ...section('To decide', list('decide')),
    ...section('To review', list('review')),
    ...section(
      'A check says so far',
      left.map((line) => `  ${line}`),
    ),
    '',
  ].join('\n');
}

function fileTable(files: Proposal['files']): string {
  const right = { align: 'right' as const };
  return table(
    [
      { name: 'file' },
      { name: 'size', ...right },
      { name: 'read', ...right },
      { name: 'records', ...right },
      { name: 'blank', ...right },
      { name: 'broken', ...right },
    ],
    files.map((file) => [
      file.name,
      size(file.sizeBytes),
      file.isSampled ? `${size(file.readBytes)}, a sample` : 'all',
      count(file.records),
      count(file.blank),
      count(file.broken),
    ]),
  );
}

const COLUMNS = [
  { name: 'column' },
  { name: 'type' },
  { name: '' },
  { name: 'classification' },
  { name: 'values' },
  { name: 'headers or path' },
];

function columnRow(column: ProposedColumn, { key, partitionColumn }: Proposal): string[] {
  const marks = [
    key.includes(column.name) ? `key ${key.indexOf(column.name) + 1}` : undefined,
    column.required ? 'required' : undefined,
    column.name === partitionColumn ? 'partition' : undefined,
  ];
  return [
    column.name,
    typeText(column.type),
    marks.filter((mark) => mark !== undefined).join(', '),
    column.classification,
    column.formats.join(' | '),
    column.path ?? column.headers.join(' | '),
  ];
}
