import { recordFailure } from '../etl/stages/record-failure.ts';

export const handler = (input: unknown): Promise<unknown> => recordFailure(input, undefined as never);
