import {
  type ShownRequest,
  shownRequest,
  shownRequests,
} from '../../etl/personal/forgetting/show-requests.ts';
import { type Identity, isAllowed } from '../identity/identity.ts';
import type { Service } from '../service.ts';

/** The requests to forget somebody, newest first. Whom those are about that wait is told to who may decide. */
export async function seenRequests(identity: Identity, { lake }: Service): Promise<ShownRequest[]> {
  const all = await shownRequests(lake.effects);
  return all.map((one) => seenBy(identity, one)).reverse();
}

/** One of them; throws ConfigError `NO_REQUEST` where there is none of that name. */
export const seenRequest = async (identity: Identity, { lake }: Service, id: string): Promise<ShownRequest> =>
  seenBy(identity, await shownRequest(lake.effects, id));

function seenBy(identity: Identity, request: ShownRequest): ShownRequest {
  const mayDecide = isAllowed(identity, 'privacy.decide', { isReadOnly: false });
  return request.state !== 'asked' || mayDecide ? request : { ...request, subjects: [] };
}
