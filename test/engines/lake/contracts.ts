/** Where a lake of every type has its contracts: as ODCS text, since a version differs from the next by a few lines. */

const HEAD = (name: string, version: string, purpose: string): string => `apiVersion: v3.1.0
kind: DataContract
id: urn:assay:contract:lab.${name}
domain: lab
name: ${name}
version: ${version}
status: active
team:
  name: lab
description:
  purpose: ${purpose}
schema:
  - name: ${name}
    physicalType: table
    properties:
`;

interface Column {
  readonly name: string;
  readonly type: string;
  readonly is?: 'key' | 'required';
}

function property({ name, type, is }: Column): string {
  const [logical, physical] = type.startsWith('DECIMAL') || type === 'DOUBLE' ? ['number', type] : [type];
  return [
    `      - name: ${name}`,
    `        logicalType: ${logical}`,
    ...(physical === undefined ? [] : [`        physicalType: ${physical}`]),
    ...(is === undefined ? [] : ['        required: true']),
    ...(is === 'key' ? ['        primaryKey: true'] : []),
    '        classification: public',
    `        description: "What '${name}' says; a ""word"" or two."`.replaceAll('""', '\\"'),
    '',
  ].join('\n');
}

const SAMPLES: readonly Column[] = [
  { name: 'sample_id', type: 'string', is: 'key' },
  { name: 'taken_at', type: 'timestamp', is: 'required' },
  { name: 'taken_on', type: 'date' },
  { name: 'order', type: 'integer' },
  { name: 'tiny', type: 'DECIMAL(4,3)' },
  { name: 'amount', type: 'DECIMAL(18,2)' },
  { name: 'wide', type: 'DECIMAL(38,10)' },
  { name: 'ratio', type: 'DOUBLE' },
  { name: 'flag', type: 'boolean' },
  { name: 'note', type: 'string' },
  { name: 'never', type: 'string' },
  { name: 'never_number', type: 'DECIMAL(18,2)' },
];

/** Columns that the second version has, in the middle of the others. */
const LATER: readonly Column[] = [
  { name: 'method', type: 'string' },
  { name: 'corrected', type: 'DECIMAL(12,4)' },
  { name: 'seen_at', type: 'timestamp' },
];

const SETTINGS = `    customProperties:
      - property: assay.partitionColumn
        value: taken_at
      - property: assay.unknownColumns
        value: rescue
      - property: assay.limits
        value: { maxQuarantineRate: 0.9, smallBatchRecords: 10 }
`;

/** `lab.samples`: a column of each type there is; 1.1.0 has three more in the middle. */
export function samplesContract(version: '1.0.0' | '1.1.0'): string {
  const columns = version === '1.0.0' ? SAMPLES : [...SAMPLES.slice(0, 3), ...LATER, ...SAMPLES.slice(3)];
  return (
    HEAD('samples', version, 'One record a sample, with a column of every type.') +
    columns.map(property).join('') +
    SETTINGS
  );
}

const MONTHLY: readonly Column[] = [
  { name: 'as_of_month', type: 'date', is: 'key' },
  { name: 'samples', type: 'integer', is: 'required' },
  { name: 'amount', type: 'DECIMAL(38,2)' },
];

/** `lab.monthly_samples`: a Gold table over it. */
export const monthlyContract = (): string => goldContract('monthly_samples', MONTHLY);

/** `lab.reported_samples`: the same with a text, a truth and what is never there; months of it are closed. */
export const reportedContract = (): string =>
  goldContract('reported_samples', [
    ...MONTHLY,
    { name: 'last_note', type: 'string' },
    { name: 'is_busy', type: 'boolean' },
    { name: 'nothing', type: 'string' },
  ]);

function goldContract(name: string, columns: readonly Column[]): string {
  return `${HEAD(name, '1.0.0', 'Samples of each month.')}${columns.map(property).join('')}    customProperties:
      - property: assay.layer
        value: gold
      - property: assay.sql
        value: lab/${name}.sql
      - property: assay.inputs
        value: [lab.samples]
      - property: assay.affects
        value: same-month
      - property: assay.partitionColumn
        value: as_of_month
`;
}

/** The SQL of `lab.monthly_samples`, with the filter and the month of a timestamp that docs/contracts.md recommends. */
export const MONTHLY_SQL = `SELECT
  CAST(date_trunc('month', CAST(taken_at AT TIME ZONE 'UTC' AS DATE)) AS DATE) AS as_of_month,
  COUNT(*) AS samples,
  CAST(SUM(amount) AS DECIMAL(38, 2)) AS amount
FROM silver.lab_samples
WHERE taken_at >= CAST({{from_month}} AS TIMESTAMP WITH TIME ZONE)
  AND taken_at < CAST({{to_month}} + INTERVAL '1' MONTH AS TIMESTAMP WITH TIME ZONE)
GROUP BY CAST(date_trunc('month', CAST(taken_at AT TIME ZONE 'UTC' AS DATE)) AS DATE)
`;

/** The SQL of `lab.reported_samples`. */
export const REPORTED_SQL = MONTHLY_SQL.replace(
  ' AS amount\n',
  ' AS amount,\n  MAX(note) AS last_note,\n  COUNT(*) > 100 AS is_busy,\n  MAX(never) AS nothing\n',
);
