import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { VaultPeriod } from '../../../etl/privacy/vault.ts';

/*
 * Where things are in the vault's table. A shard is a partition: everything in it is sealed under the shard's key.
 *
 *   shard               name                       holds
 *   secrets/pepper      pepper                     what keys the indexes of subjects
 *   secrets/references  references                 what keys the digests and shards of references
 *   people/3f           index, hexadecimal         a subject's reference, its tombstone
 *   group/contact/3f    reference                  a subject's key for the group
 *   group/contact/periods  ["dataset","202611"]    a period's key
 *   groups              group                      that keys were made for it (not sealed)
 *   columns             ["dataset","column","group"]  a column's id (not sealed: it is no secret)
 *   column-ids          id                         that the id is taken
 *   state               renewal                    when the vault was sealed anew (not sealed)
 */

/** Where an item stands in the vault's table. */
export interface Place {
  readonly shard: string;
  readonly name: string;
}

export const PEPPER: Place = { shard: 'secrets/pepper', name: 'pepper' };
export const REFERENCES: Place = { shard: 'secrets/references', name: 'references' };
export const RENEWAL: Place = { shard: 'state', name: 'renewal' };
export const GROUPS = 'groups';
export const COLUMNS = 'columns';
export const COLUMN_IDS = 'column-ids';

/** The place of a subject, by the vault's index of it. */
export const personPlace = (index: string): Place => ({ shard: `people/${index.slice(0, 2)}`, name: index });

/** So many shards hold subjects, one for each first byte of an index. */
export const PEOPLE_SHARDS = 256;

/** The shard of subjects that has a number. */
export const peopleShard = (shard: number): string => `people/${shard.toString(16).padStart(2, '0')}`;

/** The place of a subject's key for a group. */
export const subjectKeyPlace = (group: string, reference: string, shard: number): Place => ({
  shard: groupShard(group, shard),
  name: reference,
});

/** The shard of a group's keys that has a number. */
export const groupShard = (group: string, shard: number): string =>
  `group/${group}/${shard.toString(16).padStart(2, '0')}`;

/** The shard with a group's keys of periods. */
export const periodsShard = (group: string): string => `group/${group}/periods`;

/** The place of a period's key. */
export const periodPlace = (period: VaultPeriod): Place => ({
  shard: periodsShard(period.group),
  name: JSON.stringify([period.dataset, period.period]),
});

const PERIOD_NAME = z.tuple([z.string(), z.string()]);

/** The period whose key stands at a place; undefined where none does. */
export function periodAt({ shard, name }: Place): VaultPeriod | undefined {
  const group = groupOfShard(shard);
  if (group === undefined || shard !== periodsShard(group)) return undefined;
  const [dataset, period] = PERIOD_NAME.parse(JSON.parse(name));
  return { dataset, group, period };
}

/** The number of the shard that a reference's keys are in, 0 to 255: told by the vault's secret alone. */
export const shardOfReference = (secret: Uint8Array, reference: Uint8Array): number =>
  createHmac('sha256', secret).update('shard').update(reference).digest()[0] ?? 0;

/** The data group whose keys a shard holds; undefined for what is the whole vault's. */
export const groupOfShard = (shard: string): string | undefined => /^group\/([^/]+)\//.exec(shard)?.[1];

/**
 * The data group whose key of KMS wraps a shard's; undefined for the vault's own key, which also wraps those of Assay's own
 * groups (`assay.…`: unknown columns, whole lines), that no contract names.
 */
export function wrappingGroupOf(shard: string): string | undefined {
  const group = groupOfShard(shard);
  return group?.startsWith('assay.') ? undefined : group;
}
