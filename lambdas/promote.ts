import { promote } from '../etl/stages/promote.ts';

export const handler = (input: unknown): Promise<unknown> => promote(input, undefined as never);
