import { Buffer } from 'node:buffer';
import { ConflictError } from '../../errors.ts';
import {
  FORGET_REQUESTS_PREFIX,
  forgetApprovalKey,
  forgetEndKey,
  forgetRequestKey,
  PRIVACY_DATASET,
} from '../../naming/privacy.ts';
import type { Effects } from '../../ports.ts';
import { recordDecision } from '../../stages/decisions.ts';
import type { ForgetEnd } from './documents.ts';
import { readForgetRequest } from './requests.ts';

/** Keeps how a request ended; what it said of the subject goes. */
export async function endRequest(effects: Effects, end: ForgetEnd): Promise<void> {
  try {
    const body = Buffer.from(`${JSON.stringify(end, null, 1)}\n`);
    await effects.objects.put(forgetEndKey(end.request), body, { ifNoneMatch: '*' });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
  await finishEnd(effects, end);
}

/** What comes after a request's end; who was killed before it left it to the next. Safe to repeat. */
export async function finishEnd(effects: Effects, end: ForgetEnd): Promise<void> {
  const { request, kind, asked } = end;
  const about = { request, kind, askedBy: asked.by, asked: asked.reason };
  const decision = { id: `${request}-decided`, dataset: PRIVACY_DATASET, runId: null };
  if (end.state === 'forgotten') {
    const { keys, erasures, approved } = end;
    const { by, reason } = approved;
    const details = { ...about, keys, erasures };
    await recordDecision(effects, { ...decision, kind: 'forgotten', by, reason, details });
  } else {
    const { by, reason } = end.refused;
    await recordDecision(effects, { ...decision, kind: 'forget-refused', by, reason, details: about });
  }
  await effects.objects.remove(forgetApprovalKey(request));
  await effects.objects.remove(forgetRequestKey(request));
}

/** Finishes the requests whose process was killed behind their end. */
export async function finishEnds(effects: Effects): Promise<void> {
  for (const { key } of await effects.objects.list(FORGET_REQUESTS_PREFIX)) {
    const id = key.slice(FORGET_REQUESTS_PREFIX.length, -'.json'.length);
    const state = await readForgetRequest(effects, id);
    if (state.state !== 'asked') await finishEnd(effects, state);
  }
}
