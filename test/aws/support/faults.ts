import { z } from 'zod';

/** Which requests a fault meets: all that is said must hold. Patterns are regular expressions. */
const Meets = z.object({
  method: z.string().exactOptional(),
  /** Of the path with its query, as it was sent. */
  path: z.string().exactOptional(),
  /** Of `x-amz-target`, e.g. `AWSGlue.UpdateTable`. */
  target: z.string().exactOptional(),
});

/**
 * What happens instead of an answer: `answer` is an AWS error, `hang` no answer at all, `drop` a connection that
 * breaks; `answer-after` carries the request out and then answers with the error, as where an answer got lost.
 */
const ErrorAnswer = z.object({
  kind: z.literal(['answer', 'answer-after']),
  status: z.number().int(),
  code: z.string(),
  message: z.string(),
});
const Action = z.union([ErrorAnswer, z.object({ kind: z.literal(['hang', 'drop']) })]);

/** An error in place of the answer. */
export type ErrorAnswer = z.infer<typeof ErrorAnswer>;

/** A fault and how many requests it meets before it is over. */
export const Fault = z.object({ meets: Meets, action: Action, times: z.number().int().positive() });
export type Fault = z.infer<typeof Fault>;

/** A fault as it stands: how often it may still strike, and how often it did. */
export const FaultState = Fault.extend({ id: z.string(), struck: z.number().int() });
export type FaultState = z.infer<typeof FaultState>;

/** A request as far as faults look at it. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly target: string;
}

/** Whether a fault is still to strike and this request is one that it meets. */
export function strikes(
  { meets, times, struck }: FaultState,
  { method, path, target }: RequestHead,
): boolean {
  if (struck >= times) return false;
  const fits = (pattern: string | undefined, text: string): boolean =>
    pattern === undefined || new RegExp(pattern).test(text);
  return (meets.method ?? method) === method && fits(meets.path, path) && fits(meets.target, target);
}

/** An error's body in the protocol of the service that was asked: XML for S3 and query protocols, else JSON. */
export function errorBody(
  code: string,
  message: string,
  target: string,
): { readonly type: string; readonly text: string } {
  if (target !== '')
    return { type: 'application/x-amz-json-1.1', text: JSON.stringify({ __type: code, message }) };
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return { type: 'application/xml', text };
}
