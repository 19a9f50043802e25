import { stringify } from 'yaml';
import { isByArrival } from '../contract/arrival-month.ts';
import type { Contract, ContractColumn, SourceContract } from '../contract/contract.ts';
import { identifier } from '../engine/sql.ts';
import { ConfigError } from '../errors.ts';
import { tableName } from '../naming/datasets.ts';

/** What a Gold table is to be. */
export interface GoldWish {
  readonly domain: string;
  readonly name: string;
  /** Columns of the source that each get a row of their own in a month. */
  readonly by: readonly string[];
  readonly owner: string;
  readonly purpose: string;
}

/** A Gold table of a dataset: its months, how many records each has, and the sums of its measures. Throws ConfigError `NO_COLUMN` for a `by` that there isn't. */
export function proposeGold(
  source: SourceContract,
  wish: GoldWish,
): { readonly yaml: string; readonly sql: string } {
  const by = wish.by.map((name) => columnOf(source, name));
  const measures = sumsOf(source, by);
  return { yaml: goldYaml(source, wish, { by, measures }), sql: goldSql(source, { by, measures }) };
}

/** A column of money or amounts, and how its sum is typed. */
interface Sum {
  readonly name: string;
  readonly type: string;
}

interface Parts {
  readonly by: readonly ContractColumn[];
  readonly measures: readonly Sum[];
}

const MONTH = 'as_of_month';
const COUNT = 'records';

function columnOf({ columns, dataset }: Contract, name: string): ContractColumn {
  const found = columns.find((column) => column.name === name);
  if (found?.required === true) return found;
  const usable = columns.filter(({ required }) => required).map((column) => column.name);
  const what = found === undefined ? `has no column '${name}'` : `may lack '${name}', and a key can't`;
  throw new ConfigError('NO_COLUMN', `${dataset} ${what}: take one of ${usable.join(', ')}.`);
}

/** The sums of measures. A measure that counts by another column, as amounts by currency, is summed where that column is among `by`. */
function sumsOf({ measures, columns }: SourceContract, by: readonly ContractColumn[]): Sum[] {
  const names = by.map(({ name }) => name);
  return measures
    .filter((measure) => measure.by === undefined || names.includes(measure.by))
    .flatMap(({ column }) => {
      const type = columns.find(({ name }) => name === column)?.type;
      if (type?.kind !== 'decimal' || [MONTH, COUNT, ...names].includes(column)) return [];
      return [{ name: column, type: `DECIMAL(38,${type.scale})` }];
    });
}

function goldSql(source: SourceContract, { by, measures }: Parts): string {
  const at = identifier(source.partitionColumn);
  const isTime =
    isByArrival(source) ||
    source.columns.find(({ name }) => name === source.partitionColumn)?.type.kind === 'timestamptz';
  const day = isTime ? `CAST(${at} AT TIME ZONE 'UTC' AS DATE)` : at;
  const month = `CAST(date_trunc('month', ${day}) AS DATE)`;
  const edge = (date: string): string => (isTime ? `CAST(${date} AS TIMESTAMP WITH TIME ZONE)` : date);
  const end = isTime
    ? "{{to_month}} + INTERVAL '1' MONTH"
    : "CAST({{to_month}} + INTERVAL '1' MONTH AS DATE)";
  const groups = by.map(({ name }) => identifier(name));
  const sums = measures.map(
    ({ name, type }) => `CAST(SUM(${identifier(name)}) AS ${type}) AS ${identifier(name)}`,
  );
  const selected = [`${month} AS ${MONTH}`, ...groups, `COUNT(*) AS ${COUNT}`, ...sums];
  return `-- Records and sums of ${source.dataset} in each month. Change it as you like: docs/contracts.md says what it may do.
SELECT
${selected.map((one) => `  ${one}`).join(',\n')}
FROM ${tableName('silver', source.dataset)}
WHERE ${at} >= ${edge('{{from_month}}')}
  AND ${at} < ${isTime ? edge(end) : end}
GROUP BY ${[month, ...groups].join(', ')}
`;
}

function goldYaml(
  source: SourceContract,
  { domain, name, owner, purpose }: GoldWish,
  { by, measures }: Parts,
): string {
  const key = (position: number) => ({ required: true, primaryKey: true, primaryKeyPosition: position });
  const properties = [
    {
      name: MONTH,
      logicalType: 'date',
      ...key(1),
      classification: 'internal',
      description: `First day of the month, by ${source.partitionColumn}.`,
    },
    ...by.map((column, n) => ({
      name: column.name,
      ...typeOf(column),
      ...key(n + 2),
      classification: column.classification,
      description: column.description || `As in ${source.dataset}.`,
    })),
    {
      name: COUNT,
      logicalType: 'integer',
      required: true,
      classification: 'internal',
      description: 'Number of records.',
    },
    ...measures.map((sum) => ({
      name: sum.name,
      logicalType: 'number',
      physicalType: sum.type,
      classification: source.columns.find((column) => column.name === sum.name)?.classification ?? 'internal',
      description: `Sum of ${sum.name}.`,
    })),
  ];
  const custom = {
    'assay.layer': 'gold',
    'assay.sql': `${domain}/${name}.sql`,
    'assay.inputs': [source.dataset],
    'assay.affects': 'same-month',
    'assay.partitionColumn': MONTH,
  };
  return stringify({
    apiVersion: 'v3.1.0',
    kind: 'DataContract',
    id: `urn:assay:contract:${domain}.${name}`,
    domain,
    name,
    version: '1.0.0',
    status: 'active',
    team: { name: owner },
    description: { purpose },
    schema: [
      {
        name,
        physicalType: 'table',
        properties,
        customProperties: Object.entries(custom).map(([property, value]) => ({ property, value })),
      },
    ],
  });
}

function typeOf({ type }: ContractColumn): Readonly<Record<string, string>> {
  switch (type.kind) {
    case 'decimal':
      return { logicalType: 'number', physicalType: `DECIMAL(${type.precision},${type.scale})` };
    case 'double':
      return { logicalType: 'number', physicalType: 'DOUBLE' };
    case 'long':
      return { logicalType: 'integer' };
    case 'timestamptz':
      return { logicalType: 'timestamp' };
    default:
      return { logicalType: type.kind };
  }
}
