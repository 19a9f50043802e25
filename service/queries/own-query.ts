import type { Identity } from '../identity/identity.ts';
import { readerOf, sightKey } from '../identity/reader.ts';
import type { Service } from '../service.ts';
import { mayStillSee } from './ask-revealing.ts';
import type { AskedQuery } from './desk.ts';

/** A query that somebody asked, while they may see what they could see then; undefined otherwise, or where it is gone. */
export async function ownQuery(
  { queries }: Pick<Service, 'queries'>,
  id: string,
  identity: Identity,
): Promise<AskedQuery | undefined> {
  const asked = await queries.find(id, identity.name);
  const { reader: then, reveal } = asked?.question ?? {};
  const isSame = then !== undefined && sightKey(then) === sightKey(readerOf(identity));
  return isSame && mayStillSee(identity, reveal?.groups) ? asked : undefined;
}
