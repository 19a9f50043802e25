import { z } from 'zod';

const PREFIX = 'urn:dp:';

/** What evidence names where no dataset is known. */
export const UNKNOWN_DATASET = 'urn:dp:unknown';

/** Name of a dataset as the control plane has it, e.g. `urn:dp:orders:created`. */
export const DatasetUrn = z
  .string()
  .max(200)
  .regex(/^urn:dp:[a-z][a-z0-9_]*:[a-z][a-z0-9_]*$/, 'is no dataset: write urn:dp:<domain>:<name>')
  .meta({ description: 'the dataset, e.g. urn:dp:orders:created, which is orders.created' });

/** `urn:dp:orders:created` → `orders.created`. The text is one that DatasetUrn has checked. */
export const datasetOfUrn = (urn: string): string => urn.slice(PREFIX.length).replace(':', '.');

/** `orders.created` → `urn:dp:orders:created`. */
export const urnOfDataset = (dataset: string): string => `${PREFIX}${dataset.replace('.', ':')}`;
