import { sweep } from '../etl/stages/sweep.ts';

export const handler = (input: unknown): Promise<unknown> => sweep(input, undefined as never);
