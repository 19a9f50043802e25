import type { Effects } from '../../ports.ts';
import type { Certificate, Refusal } from './documents.ts';
import { type ForgetState, listForgetRequests, readForgetRequest } from './requests.ts';
import { openIds } from './sealed-ids.ts';

/** A request as a privacy officer sees it. */
export type ShownRequest =
  | {
      readonly state: 'asked';
      readonly request: string;
      readonly kind: string;
      readonly asked: Certificate['asked'];
      /** The ids of whom it is about; none where the keys are gone already. */
      readonly subjects: readonly string[];
    }
  | Certificate
  | Refusal;

/** Every request there ever was, oldest first. */
export async function shownRequests(effects: Pick<Effects, 'objects' | 'vault'>): Promise<ShownRequest[]> {
  const all = await listForgetRequests(effects);
  return await Promise.all(all.map((one) => shownOf(effects, one)));
}

/** One of them; throws ConfigError `NO_REQUEST` where there is none of that name. */
export async function shownRequest(
  effects: Pick<Effects, 'objects' | 'vault'>,
  id: string,
): Promise<ShownRequest> {
  return await shownOf(effects, await readForgetRequest(effects, id));
}

async function shownOf(effects: Pick<Effects, 'vault'>, found: ForgetState): Promise<ShownRequest> {
  if (found.state !== 'asked') return found;
  const { request, kind, at, by, reason, subjects } = found.asked;
  const ids = await openIds(effects, subjects);
  return {
    state: 'asked',
    request,
    kind,
    asked: { at, by, reason },
    subjects: ids.filter((id) => id !== undefined),
  };
}
