import type { OpenVault } from './open-vault.ts';
import { GROUPS } from './places.ts';

/** Every data group that something was ever sealed for. */
export async function groupsOf({ table }: Pick<OpenVault, 'table'>): Promise<readonly string[]> {
  const groups: string[] = [];
  for await (const { name } of table.all(GROUPS)) groups.push(name);
  return groups;
}

/** Notes data groups before keys are made for them: whatever forgets looks for keys of every group. */
export async function addGroups(
  { table }: Pick<OpenVault, 'table'>,
  groups: Iterable<string>,
): Promise<void> {
  const known = new Set(await groupsOf({ table }));
  await table.write(
    [...groups].filter((group) => !known.has(group)).map((name) => ({ shard: GROUPS, name })),
  );
}
