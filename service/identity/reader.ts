import type { Classification, Contract } from '../../etl/contract/contract.ts';
import type { OPS_TABLES } from '../../etl/query/ops-tables.ts';
import type { Reader, TableSchema } from '../../etl/query/reader.ts';
import { type Identity, isAllowed } from './identity.ts';
import type { Permission } from './permissions.ts';

type OpsTable = keyof typeof OPS_TABLES;

/** Which permission makes a schema's tables be there. */
const SCHEMAS: Readonly<Record<TableSchema, Permission>> = {
  gold: 'gold.read',
  projection: 'gold.read',
  silver: 'silver.read',
  quarantine: 'quarantine.read',
  condemned: 'quarantine.read',
};

/** Which permission makes a table of `ops` be there. */
const OPS: Readonly<Record<OpsTable, Permission>> = {
  runs: 'runs.read',
  source_files: 'runs.read',
  alerts: 'runs.read',
  snapshots: 'runs.read',
  states: 'runs.read',
  // It names streams, as Silver does.
  event_gaps: 'silver.read',
  quarantine: 'quarantine.read',
  condemned: 'quarantine.read',
  retries: 'quarantine.read',
  corrections: 'quarantine.read',
  restatements: 'closings.read',
  closings: 'closings.read',
  decisions: 'decisions.read',
  reveals: 'decisions.read',
};

const PROTECTED: readonly Classification[] = ['personal', 'confidential'];

/** What an identity finds in the tables: what their roles don't let them see is not there, or masked. */
export function readerOf(identity: Identity): Reader {
  const may = (permission: Permission): boolean => isAllowed(identity, permission, { isReadOnly: false });
  const named = <Name extends string>(needed: Readonly<Record<Name, Permission>>): ReadonlySet<Name> =>
    new Set((Object.keys(needed) as Name[]).filter((name) => may(needed[name])));
  return {
    schemas: named(SCHEMAS),
    ops: named(OPS),
    hidden: new Set(may('protected.read') ? [] : PROTECTED),
  };
}

/** The same text for readers who see the same, and for no others. */
export const sightKey = ({ schemas, ops, hidden }: Reader): string =>
  JSON.stringify([schemas, ops, hidden].map((names) => [...names].sort()));

/** Names of the columns of a table whose values an identity may not see. */
export const hiddenColumns = (identity: Identity, contract: Contract): ReadonlySet<string> =>
  hiddenFrom(readerOf(identity), contract);

/** Names of the columns of a table whose values a reader may not see. */
export function hiddenFrom({ hidden }: Pick<Reader, 'hidden'>, { columns }: Contract): ReadonlySet<string> {
  return new Set(columns.filter(({ classification }) => hidden.has(classification)).map(({ name }) => name));
}
