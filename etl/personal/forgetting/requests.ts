import { ConfigError } from '../../errors.ts';
import {
  FORGET_ENDS_PREFIX,
  FORGET_REQUESTS_PREFIX,
  forgetApprovalKey,
  forgetEndKey,
  forgetRequestKey,
} from '../../naming/privacy.ts';
import type { Effects } from '../../ports.ts';
import { parseDocument } from '../../stages/stored-documents.ts';
import { ForgetApproval, ForgetEnd, ForgetRequest } from './documents.ts';

/** A request as it stands. */
export type ForgetState =
  | { readonly state: 'asked'; readonly asked: ForgetRequest; readonly approval?: ForgetApproval }
  | ForgetEnd;

/** Every request there ever was, oldest first. */
export async function listForgetRequests(effects: Pick<Effects, 'objects'>): Promise<ForgetState[]> {
  const ids = [
    ...(await idsUnder(effects, FORGET_ENDS_PREFIX)),
    ...(await idsUnder(effects, FORGET_REQUESTS_PREFIX)),
  ];
  const states = await Promise.all([...new Set(ids)].sort().map((id) => findRequest(effects, id)));
  return states.filter((one) => one !== undefined);
}

async function idsUnder({ objects }: Pick<Effects, 'objects'>, prefix: string): Promise<string[]> {
  const listed = await objects.list(prefix);
  return listed.map(({ key }) => key.slice(prefix.length, -'.json'.length));
}

/** A request; throws ConfigError `NO_REQUEST` where there is none of that name. */
export async function readForgetRequest(effects: Pick<Effects, 'objects'>, id: string): Promise<ForgetState> {
  const found = /^[\w-]+$/.test(id) ? await findRequest(effects, id) : undefined;
  if (found !== undefined) return found;
  throw new ConfigError(
    'NO_REQUEST',
    `There is no request ${id} to forget somebody: 'assay privacy requests' lists the requests.`,
    { context: { request: id } },
  );
}

/** A request's end, else the request: who died behind the end leaves both. */
async function findRequest(
  { objects }: Pick<Effects, 'objects'>,
  id: string,
): Promise<ForgetState | undefined> {
  const read = async <T>(
    key: string,
    shape: Parameters<typeof parseDocument<T>>[2],
  ): Promise<T | undefined> => {
    const stored = await objects.get(key);
    return stored === undefined ? undefined : parseDocument(stored.body, key, shape);
  };
  const end = await read(forgetEndKey(id), ForgetEnd);
  if (end !== undefined) return end;
  const asked = await read(forgetRequestKey(id), ForgetRequest);
  if (asked === undefined) return undefined;
  const approval = await read(forgetApprovalKey(id), ForgetApproval);
  return { state: 'asked', asked, ...(approval === undefined ? {} : { approval }) };
}
