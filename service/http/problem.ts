import { z } from 'zod';
import { ContractError } from '../../etl/contract/problems.ts';
import { AssayError, outwardMessage } from '../../etl/errors.ts';
import { statusOf } from './statuses.ts';

/** An error as RFC 9457 has it, with the code that the command prints. */
export const Problem = z.object({
  type: z.string().meta({ description: 'names the kind of problem: urn:assay:problem:CODE' }),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string().meta({ description: 'what happened, where, and what to do next' }),
  code: z.string().meta({ description: "as 'assay … --json' prints it" }),
  context: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  problems: z
    .array(z.object({ file: z.string(), line: z.int(), path: z.string(), message: z.string() }))
    .exactOptional(),
});
export type Problem = z.infer<typeof Problem>;

const TITLES: Readonly<Record<number, string>> = {
  400: 'The request is wrong',
  401: 'Nobody is signed in',
  403: 'This is not allowed',
  404: 'There is no such thing',
  405: 'The address has no such method',
  406: 'It can not be answered in that form',
  409: 'It is not as the request takes it to be',
  412: 'It has changed since it was looked at',
  413: 'The request is too large',
  415: 'The request is of another type',
  421: 'The request is for another host',
  422: 'It makes no sense',
  429: 'There were too many requests',
  503: 'It can not be done now, and may be later',
};

/** The problem for an error; for an unforeseen one, only where it occurred. */
export function problemOf(error: unknown): Problem {
  const status = statusOf(error);
  const code = error instanceof AssayError ? error.code : 'INTERNAL';
  const context = error instanceof AssayError ? error.context : {};
  return {
    type: `urn:assay:problem:${code}`,
    title: TITLES[status] ?? 'Something went wrong',
    status,
    detail: outwardMessage(error),
    code,
    context: Object.fromEntries(
      Object.entries(context).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])),
    ),
    ...(error instanceof ContractError ? { problems: [...error.problems] } : {}),
  };
}
