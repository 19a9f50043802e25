import { loadContracts } from '../../etl/contract/load-contracts.ts';
import { ConfigError } from '../../etl/errors.ts';
import type { Word } from '../../etl/operations/decide-run.ts';
import { knownGroups } from '../../etl/personal/revealer.ts';
import type { AsOf } from '../../etl/query/as-of.ts';
import { groupsOf, type Identity } from '../identity/identity.ts';
import { readerOf } from '../identity/reader.ts';
import { noteProductRead } from '../products/note-product-read.ts';
import type { Service } from '../service.ts';
import type { AskedQuery } from './desk.ts';

/** SQL whose answer shows the values of data groups, and why. */
export interface RevealingSql {
  readonly sql: string;
  readonly asOf: AsOf;
  readonly groups: readonly string[];
  readonly reason: string;
}

/** The data groups that there are and whose values somebody may see, ordered by name. */
export async function revealableGroups(
  { lake }: Pick<Service, 'lake'>,
  identity: Identity,
): Promise<string[]> {
  const { contracts } = await loadContracts(lake.effects.contracts);
  return knownGroups(contracts.values()).filter((group) => isOf(identity, group));
}

/**
 * Answers in SQL with the values of data groups of the asker's; that they were seen is kept before they are. Throws
 * ConfigError `NOT_YOUR_GROUP` for a group of others.
 */
export async function askRevealing(
  service: Pick<Service, 'queries' | 'lake' | 'isReadOnly' | 'onError'>,
  identity: Identity,
  { sql, asOf, groups, reason }: RevealingSql,
): Promise<AskedQuery> {
  const foreign = groups.find((group) => !isOf(identity, group));
  if (foreign !== undefined)
    throw new ConfigError(
      'NOT_YOUR_GROUP',
      `${identity.name} is no member of the data group '${foreign}': whoever keeps their account makes them one (reveal:${foreign}).`,
      { context: { group: foreign } },
    );
  const word: Word = { by: identity.name, reason };
  const reveal = { groups: [...new Set(groups)], ...word };
  const asked = await service.queries.ask({ sql, asOf, reader: readerOf(identity), reveal }, identity.name);
  await noteProductRead(service, { identity, way: 'sql' }, { sql });
  return asked;
}

/** Whether somebody may still see what a query of theirs revealed. */
export const mayStillSee = (identity: Identity, groups: readonly string[] = []): boolean =>
  groups.every((group) => isOf(identity, group));

function isOf(identity: Identity, group: string): boolean {
  const groups = groupsOf(identity);
  return groups === 'every' || groups.has(group);
}
