import type { Access } from './access.ts';
import { AROUND_RUNS } from './around-runs.ts';
import { CHUNK_STAGES } from './chunk-stages.ts';
import { RUN_STAGES } from './run-stages.ts';
import { SERVICE } from './service.ts';

/** Every function and what it may do, as its code reads and writes. */
const BY_NAME = { ...CHUNK_STAGES, ...RUN_STAGES, ...AROUND_RUNS, service: SERVICE };

/** A Lambda function, named for its entry in lambdas/. */
export type FunctionName = keyof typeof BY_NAME;

/** Every function's access, by name. */
export const ACCESS: Readonly<Record<FunctionName, Access>> = BY_NAME;

/** Every function's name. */
export const FUNCTION_NAMES = Object.keys(BY_NAME) as readonly FunctionName[];
