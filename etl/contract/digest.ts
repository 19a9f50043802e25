import { createHash } from 'node:crypto';
import type { Contract } from './contract.ts';

/**
 * SHA-256, in hex, of a contract's meaning. The file's name and layout don't change it, nor do the settings for the
 * tables' upkeep and what is told to readers of its end, and of it as a product.
 */
export function contractDigest(contract: Contract): string {
  const {
    file: _file,
    digest: _digest,
    snapshots: _snapshots,
    tend: _tend,
    deprecated: _deprecated,
    product: _product,
    ...meaning
  } = contract;
  return createHash('sha256').update(canonicalJson(meaning)).digest('hex');
}

/** JSON with every object's keys in code unit order, no white space and nothing undefined. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, entry]) => `${JSON.stringify(key)}:${canonicalJson(entry)}`).join(',')}}`;
}
