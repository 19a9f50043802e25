/** A column of a contract to be written, as ODCS has it. */
export interface ColumnText {
  readonly name: string;
  /** `string` unless said. */
  readonly type?: string;
  readonly physicalType?: string;
  readonly required?: boolean;
  readonly key?: boolean;
  readonly classification?: string;
  /** More YAML fields of the property, as JSON values. */
  readonly more?: Readonly<Record<string, unknown>>;
  /** `assay.*` properties of the column. */
  readonly assay?: Readonly<Record<string, unknown>>;
}

/** A contract to be written. */
export interface ContractToWrite {
  readonly columns: readonly ColumnText[];
  /** None where `assay.events` names the column. */
  readonly partitionColumn?: string;
  readonly version?: string;
  readonly dataset?: string;
  /** Record rules: name to expression. */
  readonly rules?: Readonly<Record<string, string>>;
  /** `assay.*` properties of the contract. */
  readonly assay?: Readonly<Record<string, unknown>>;
}

/** The contract as YAML text; every value is written as JSON, which YAML includes. */
export function contractText(contract: ContractToWrite): string {
  const [domain, name] = (contract.dataset ?? 'test.records').split('.');
  const properties = (values: Readonly<Record<string, unknown>>): unknown =>
    Object.entries(values).map(([property, value]) => ({ property: `assay.${property}`, value }));
  const columns = contract.columns.map((column) => ({
    name: column.name,
    logicalType: column.type ?? 'string',
    ...(column.physicalType === undefined ? {} : { physicalType: column.physicalType }),
    required: column.required ?? column.key ?? false,
    ...(column.key === true ? { primaryKey: true } : {}),
    classification: column.classification ?? 'internal',
    ...column.more,
    ...(column.assay === undefined ? {} : { customProperties: properties(column.assay) }),
  }));
  const rules = Object.entries(contract.rules ?? {}).map(([rule, implementation]) => ({
    name: rule,
    type: 'custom',
    engine: 'assay',
    implementation,
  }));
  const schema = {
    name,
    properties: columns,
    ...(rules.length === 0 ? {} : { quality: rules }),
    customProperties: properties({
      ...(contract.partitionColumn === undefined ? {} : { partitionColumn: contract.partitionColumn }),
      ...contract.assay,
    }),
  };
  return `apiVersion: v3.1.0
kind: DataContract
id: urn:test:${name}
domain: ${domain}
name: ${name}
version: ${contract.version ?? '1.0.0'}
status: active
team: {name: test}
schema: ${JSON.stringify([schema], null, 1)}
`;
}

/** Limits that nothing in a test goes beyond. */
export const NO_LIMITS = {
  maxQuarantineRate: 1,
  smallBatchRecords: 1_000_000_000,
  maxCondemned: 1_000_000_000,
  breakerErrors: 1_000_000_000,
} as const;

/** A small contract: a key, a day, an amount that is a measure, and a text. */
export const PAYMENTS: ContractToWrite & { readonly partitionColumn: string } = {
  partitionColumn: 'paid_on',
  columns: [
    { name: 'id', key: true },
    { name: 'paid_on', type: 'date', required: true },
    { name: 'amount', type: 'number', physicalType: 'DECIMAL(18,2)', required: true },
    { name: 'note' },
  ],
  assay: { measures: [{ column: 'amount' }], limits: NO_LIMITS },
};
