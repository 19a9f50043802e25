import { z } from 'zod';
import { LEAST_CHARACTERS, valuesOf } from '../../etl/privacy/looking/needles.ts';
import { failureOf } from '../privacy/failure-of.ts';
import { type LookingState, lookingOf } from '../privacy/looking-desk.ts';
import { route } from './route.ts';

const TAG = 'Privacy';
const PATH = '/v1/privacy/verify';

const Looking = z.object({
  state: z.enum(['none', 'under-way', 'ended', 'failed']),
  since: z.string().nullable(),
  by: z.string().nullable(),
  at: z.string().nullable().meta({ description: 'when it ended' }),
  files: z.int().meta({ description: 'looked through so far' }),
  bytes: z.int(),
  found: z
    .array(
      z.object({
        file: z.string(),
        inside: z.array(z.string()).meta({ description: 'what was unpacked to come to it' }),
        value: z.int().meta({ description: 'which of the values, from 1' }),
        as: z.string().meta({ description: 'how it is written there' }),
        offset: z.int(),
        times: z.int(),
      }),
    )
    .nullable()
    .meta({ description: 'none of them may be anywhere: null until it ended' }),
  notRead: z.array(z.object({ file: z.string(), inside: z.array(z.string()), why: z.string() })).nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});

const NOTHING = { at: null, files: 0, bytes: 0, found: null, notRead: null, error: null };

function told(state: LookingState | undefined): z.input<typeof Looking> {
  if (state === undefined) return { ...NOTHING, state: 'none', since: null, by: null };
  const { since, by, kind } = state;
  const known = { ...NOTHING, state: kind, since, by };
  if (kind === 'under-way') return { ...known, files: state.files, bytes: state.bytes };
  if (kind === 'failed') return { ...known, error: failureOf(state.error) };
  const { files, bytes, found, notRead } = state.looked;
  return {
    ...{ ...known, at: state.at, files, bytes },
    found: found.map((one) => ({ ...one, inside: [...one.inside] })),
    notRead: notRead.map((one) => ({ ...one, inside: [...one.inside] })),
  };
}

/** GET /v1/privacy/verify. */
export const showLooking = route({
  method: 'get',
  path: PATH,
  permission: 'privacy.read',
  tag: TAG,
  summary: 'What came of looking for values the last time, or how far it is',
  answer: Looking,
  handle: async (_, service) => told(service.looking?.last()),
});

/** POST /v1/privacy/verify. */
export const lookForValues = route({
  method: 'post',
  path: PATH,
  permission: 'privacy.decide',
  tag: TAG,
  summary:
    'Looks for values through every byte of the lake; they are kept nowhere. The answer comes within a second, and says whether it is still under way',
  body: z.strictObject({
    values: z
      .array(
        z
          .string()
          .trim()
          .min(LEAST_CHARACTERS)
          .max(1000)
          .regex(/^[^\r\n]*$/, 'is more than one line'),
      )
      .min(1)
      .max(1000),
  }),
  isSecret: true,
  isUnderWay: ({ state }) => state === 'under-way',
  answer: Looking,
  async handle({ body, identity }, service) {
    const values = valuesOf(body.values.join('\n'), 'The list');
    const state = await lookingOf(service).look({ values, by: identity.name });
    if (state.kind === 'failed') throw state.error;
    return told(state);
  },
});
