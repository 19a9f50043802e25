import { refine } from '../etl/stages/refine.ts';

export const handler = (input: unknown): Promise<unknown> => refine(input, undefined as never);
