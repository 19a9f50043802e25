import { ConfigError } from '../errors.ts';

/** Names of datasets and of their tables. They are made in this folder and nowhere else. */

export const NAME = /^[a-z][a-z0-9_]*$/;

/** A dataset's two names. */
export interface DatasetName {
  readonly domain: string;
  readonly name: string;
}

/** `spend.council_payments` → its domain and name; throws ConfigError on anything else, path tricks included. */
export function parseDataset(dataset: string): DatasetName {
  const [domain = '', name = '', ...rest] = dataset.split('.');
  if (rest.length > 0 || !NAME.test(domain) || !NAME.test(name)) {
    throw new ConfigError(
      'DATASET_NAME',
      `'${dataset}' is not a dataset name: write <domain>.<name> in lower-case letters, digits and underscores.`,
    );
  }
  return { domain, name };
}

/** `spend.council_payments` → `spend/council_payments`. */
export function datasetPath(dataset: string): string {
  const { domain, name } = parseDataset(dataset);
  return `${domain}/${name}`;
}

/** The kinds of tables that a dataset has; `source_files` is its ledger, `projection_state` what a projection goes on from. */
export type Layer =
  | 'silver'
  | 'gold'
  | 'projection'
  | 'projection_state'
  | 'quarantine'
  | 'condemned'
  | 'source_files';

/** The layers of contracts: those whose tables have a pointer of their own. */
export type PointerLayer = 'silver' | 'gold' | 'projection';

/** Whether a table has the columns of its contract. */
export const isContractTable = (layer: Layer): layer is PointerLayer =>
  layer === 'silver' || layer === 'gold' || layer === 'projection';

/** `silver`, `spend.council_payments` → `silver.spend_council_payments`, as analysts write it. */
export function tableName(layer: Layer, dataset: string): string {
  const { domain, name } = parseDataset(dataset);
  return `${layer}.${domain}_${name}`;
}

/** `1.2.0` → `v1`: only a new major version starts a new folder. */
export function schemaVersion(version: string): string {
  return `v${version.split('.')[0] ?? '0'}`;
}
