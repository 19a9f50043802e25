import { ConfigError } from '../errors.ts';
import type { ContractSource } from '../ports.ts';

/** A small lake to be tried: contracts of payments and of a Gold table of their months, and its SQL. */
export interface PaymentsLake {
  /** `<domain>.payments` and `<domain>.monthly`. */
  readonly dataset: string;
  readonly gold: string;
  /** YAML, and SQL, by the names under which contracts folders hold them. */
  readonly contracts: Readonly<Record<string, string>>;
  readonly sql: Readonly<Record<string, string>>;
}

/** The lake in a domain, with limits that nothing goes beyond; `snapshots` is its `assay.snapshots` as YAML, the default unless given. */
export function paymentsLake(domain: string, snapshots?: string, payers = ''): PaymentsLake {
  return {
    dataset: `${domain}.payments`,
    gold: `${domain}.monthly`,
    contracts: {
      [`${domain}/monthly.yaml`]: monthlyContract(domain, snapshots),
      [`${domain}/payments.yaml`]: paymentsContract(domain, snapshots, payers),
    },
    sql: { [`${domain}/monthly.sql`]: monthlySql(domain) },
  };
}

/** Columns that say who paid, sealed. */
const PAYERS = `
      - name: payer
        logicalType: integer
        classification: personal
        customProperties: [{ property: assay.protect, value: { as: pseudonym, group: who } }]
      - name: mail
        logicalType: string
        classification: personal
        logicalTypeOptions: { pattern: "[^@]+@[^@]+" }
        customProperties: [{ property: assay.protect, value: { as: encrypted, group: contact } }]`;

const SUBJECT = `
      - { property: assay.subject, value: { column: payer, kind: payer } }`;

const keeping = (snapshots: string | undefined): string =>
  snapshots === undefined ? '' : `\n      - { property: assay.snapshots, value: ${snapshots} }`;

const paymentsContract = (
  domain: string,
  snapshots: string | undefined,
  payers: string,
): string => `apiVersion: v3.1.0
kind: DataContract
id: urn:assay:contract:${domain}.payments
domain: ${domain}
name: payments
version: 1.0.0
status: active
team: { name: ${domain} }
schema:
  - name: payments
    physicalType: table
    properties:
      - { name: id, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1, classification: public }
      - { name: paid_on, logicalType: date, required: true, classification: public }
      - { name: amount, logicalType: number, physicalType: "DECIMAL(18,2)", required: true, classification: public }
      - { name: note, logicalType: string, classification: public }${payers}
    customProperties:${payers === '' ? '' : SUBJECT}
      - { property: assay.partitionColumn, value: paid_on }
      - { property: assay.measures, value: [{ column: amount }] }
      - property: assay.limits
        value: { maxQuarantineRate: 1, smallBatchRecords: 1000000000, maxCondemned: 1000000000, breakerErrors: 1000000000 }${keeping(snapshots)}
`;

const monthlyContract = (domain: string, snapshots: string | undefined): string => `apiVersion: v3.1.0
kind: DataContract
id: urn:assay:contract:${domain}.monthly
domain: ${domain}
name: monthly
version: 1.0.0
status: active
team: { name: ${domain} }
schema:
  - name: monthly
    physicalType: table
    properties:
      - { name: as_of_month, logicalType: date, required: true, primaryKey: true, classification: public }
      - { name: payments, logicalType: integer, required: true, classification: public }
      - { name: amount, logicalType: number, physicalType: "DECIMAL(38,2)", required: true, classification: public }
    customProperties:
      - { property: assay.layer, value: gold }
      - { property: assay.sql, value: ${domain}/monthly.sql }
      - { property: assay.inputs, value: [${domain}.payments] }
      - { property: assay.affects, value: same-month }
      - { property: assay.partitionColumn, value: as_of_month }${keeping(snapshots)}
`;

const monthlySql = (
  domain: string,
): string => `SELECT CAST(date_trunc('month', paid_on) AS DATE) AS as_of_month, COUNT(*) AS payments,
  CAST(SUM(amount) AS DECIMAL(38, 2)) AS amount
FROM silver.${domain}_payments
WHERE paid_on >= {{from_month}} AND paid_on < CAST({{to_month}} + INTERVAL '1' MONTH AS DATE)
GROUP BY CAST(date_trunc('month', paid_on) AS DATE)
`;

/** Snapshots expire as early as the contract allows, so that the upkeep has work. */
const KEPT = '{ keep: 1h, atLeast: 2 }';
const DRILL = paymentsLake('drill', KEPT);

/** The drill's own dataset and Gold table. */
export const DRILL_DATASET = DRILL.dataset;
export const DRILL_GOLD = DRILL.gold;

/** The drill's contracts and Gold SQL. */
export const drillContracts: ContractSource = sourceOf(DRILL);

/** Those of the drill whose payments say who paid, in sealed columns. */
export const protectedDrillContracts: ContractSource = sourceOf(paymentsLake('drill', KEPT, PAYERS));

function sourceOf({ contracts, sql }: PaymentsLake): ContractSource {
  return {
    list: async () => Object.entries(contracts).map(([file, text]) => ({ file, text })),
    projection: async (name) => {
      throw new ConfigError('PROJECTION_MISSING', `The drill has no projection ${name}.`);
    },
    sql: async (name) => {
      const text = sql[name];
      if (text !== undefined) return text;
      throw new ConfigError('SQL_MISSING', `The drill has no ${name}.`);
    },
  };
}
