import type { Question } from '../../etl/query/run-query.ts';
import type { Identity } from '../identity/identity.ts';
import { readerOf } from '../identity/reader.ts';
import { noteProductRead } from '../products/note-product-read.ts';
import type { Service } from '../service.ts';
import type { AskedQuery } from './desk.ts';

/** Asks in SQL over what somebody may see; sealed values stay sealed. That data products were asked for is kept. */
export async function askOpenly(
  service: Pick<Service, 'queries' | 'lake' | 'isReadOnly' | 'onError'>,
  identity: Identity,
  question: Pick<Question, 'sql' | 'asOf'>,
): Promise<AskedQuery> {
  const asked = await service.queries.ask({ ...question, reader: readerOf(identity) }, identity.name);
  await noteProductRead(service, { identity, way: 'sql' }, question);
  return asked;
}
