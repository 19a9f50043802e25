import { stringify } from 'yaml';
import { writtenNumber } from '../contract/read-number-format.ts';
import { columnPointer } from '../jsonl/pointer.ts';
import type { ColumnType } from '../table/schema.ts';
import { counted, type Note, several } from './notes.ts';
import type { Proposal, ProposedColumn } from './proposal.ts';

const WIDTH = 110;
const MARKS = { seen: 'seen:', review: 'REVIEW:', decide: 'DECIDE:' } as const;

/**
 * A proposal as a contract in YAML, with what speaks for each part as comments. It is sound but for what a person must
 * decide: the owner and the purpose are empty unless they are given, and a partition column that wasn't found is missing.
 */
export function proposalYaml(
  proposal: Proposal,
  decided?: { readonly owner: string; readonly purpose: string },
): string {
  const { domain, name, columns, notes } = proposal;
  const lines = [
    ...headComment(proposal),
    'apiVersion: v3.1.0',
    'kind: DataContract',
    `id: ${value(`urn:assay:contract:${domain}.${name}`)}`,
    `domain: ${value(domain)}`,
    `name: ${value(name)}`,
    'version: 1.0.0',
    `status: ${decided === undefined ? 'draft' : 'active'}`,
    ...comments(notes.contract, 0),
    'team:',
    decided === undefined ? '  name:' : `  name: ${value(decided.owner)}`,
    'description:',
    decided === undefined ? '  purpose:' : `  purpose: ${value(decided.purpose)}`,
    'schema:',
    `  - name: ${value(name)}`,
    '    physicalType: table',
    ...comments(notes.key, 4),
    '    properties:',
    ...columns.flatMap((column) => columnLines(column, proposal)),
    '    customProperties:',
    ...(proposal.key.length === 0 ? custom(6, 'assay.key', 'record') : []),
    ...(proposal.subject === undefined ? [] : custom(6, 'assay.subject', proposal.subject)),
    ...comments(notes.csv, 6),
    ...formatLines(proposal),
    ...comments(notes.partition, 6),
    ...(proposal.partitionColumn === undefined
      ? []
      : custom(6, 'assay.partitionColumn', proposal.partitionColumn)),
    ...(proposal.measures.length === 0 ? [] : comments(notes.measures, 6)),
    ...(proposal.measures.length === 0 ? [] : custom(6, 'assay.measures', proposal.measures)),
  ];
  return `${lines.join('\n')}\n`;
}

function headComment({ files }: Proposal): string[] {
  const records = files.reduce((sum, file) => sum + file.records, 0);
  const sampled = files.filter(({ isSampled }) => isSampled).length;
  const part = sampled === 0 ? '' : `, of ${several(sampled, 'file')} a sample`;
  return [
    ...wrapped(
      `Proposed by \`assay contracts infer\` from ${several(files.length, 'file')}, ${counted(records)} records read${part}.`,
      0,
    ),
    '#   DECIDE  what only a person knows; `assay contracts check` names what must not be missing',
    '#   REVIEW  a guess that may be wrong',
    '#   seen    what the files showed',
  ];
}

function columnLines(column: ProposedColumn, { key }: Proposal): string[] {
  const at = key.indexOf(column.name);
  const number = writtenNumber(column.number);
  const properties = [
    ...placeLines(column),
    ...(column.formats.length === 0 ? [] : custom(10, 'assay.formats', column.formats)),
    ...(Object.keys(number).length === 0 ? [] : custom(10, 'assay.number', number)),
    ...(column.timezone === undefined ? [] : custom(10, 'assay.timezone', column.timezone)),
    ...(column.nullValues.length === 0 ? [] : custom(10, 'assay.nullValues', column.nullValues)),
    ...(column.protect === undefined ? [] : custom(10, 'assay.protect', column.protect)),
    ...(column.isCurrency ? custom(10, 'assay.values', 'iso-4217') : []),
  ];
  return [
    ...comments(column.notes, 6),
    `      - name: ${value(column.name)}`,
    ...typeLines(column.type).map((line) => `        ${line}`),
    ...(column.required ? ['        required: true'] : []),
    ...(at === -1 ? [] : ['        primaryKey: true', `        primaryKeyPosition: ${at + 1}`]),
    `        classification: ${column.classification}`,
    ...(properties.length === 0 ? [] : ['        customProperties:', ...properties]),
  ];
}

/** Where a column's value stands in a file; in JSON its own name says it alone. */
function placeLines({ name, path, headers }: ProposedColumn): string[] {
  if (path === undefined) return custom(10, 'assay.headers', headers);
  return path === columnPointer({ name }) ? [] : custom(10, 'assay.path', path);
}

/** How the files are written. */
function formatLines(proposal: Proposal): string[] {
  const { format, nullValues } = proposal.csv;
  if (format === undefined) return custom(6, 'assay.csv', csvValue(proposal));
  return [
    ...custom(6, 'assay.format', format),
    ...(nullValues.length === 0 ? [] : custom(6, 'assay.csv', { nullValues })),
  ];
}

function typeLines(type: ColumnType): string[] {
  switch (type.kind) {
    case 'decimal':
      return ['logicalType: number', `physicalType: DECIMAL(${type.precision},${type.scale})`];
    case 'double':
      return ['logicalType: number', 'physicalType: DOUBLE'];
    case 'long':
      return ['logicalType: integer'];
    case 'timestamptz':
      return ['logicalType: timestamp'];
    default:
      return [`logicalType: ${type.kind}`];
  }
}

function csvValue({ csv }: Proposal): Readonly<Record<string, unknown>> {
  return {
    ...(csv.delimiter === ',' ? {} : { delimiter: csv.delimiter }),
    ...(csv.quote === '"' ? {} : { quote: csv.quote }),
    ...(csv.escape === csv.quote ? {} : { escape: csv.escape }),
    ...(csv.extraFields === undefined ? {} : { extraFields: csv.extraFields }),
    encodings: csv.encodings,
    ...(csv.nullValues.length === 0 ? {} : { nullValues: csv.nullValues }),
    ...(csv.footerLines === undefined ? {} : { footerLines: csv.footerLines }),
    ...(csv.totalRowColumn === undefined ? {} : { totalRow: { column: csv.totalRowColumn } }),
    ...(csv.preambleLines === undefined ? {} : { preambleLines: csv.preambleLines }),
    ...(csv.columns === undefined ? {} : { columns: csv.columns }),
    ...(csv.repeatedHeader === undefined ? {} : { repeatedHeader: csv.repeatedHeader }),
  };
}

function custom(indent: number, property: string, given: unknown): string[] {
  const pad = ' '.repeat(indent);
  return [`${pad}- property: ${property}`, `${pad}  value: ${value(given)}`];
}

/** Any value on one line. */
const value = (given: unknown): string =>
  stringify(given, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: false }).trim();

function comments(notes: readonly Note[], indent: number): string[] {
  return notes.flatMap(({ kind, text }) => wrapped(`${MARKS[kind]} ${text}`, indent));
}

/** A comment broken at blanks, the lines after the first set in; control characters, such as line ends, made visible. */
function wrapped(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are meant
  for (const word of text.replace(/[\u0000-\u001f\u007f\u0085\u2028\u2029]/g, '·').split(' ')) {
    if (line !== '' && indent + line.length + word.length + 5 > WIDTH) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((one, n) => `${' '.repeat(indent)}# ${n === 0 ? '' : '  '}${one}`);
}
