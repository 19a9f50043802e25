import { hold } from '../etl/stages/hold.ts';

export const handler = (input: unknown): Promise<unknown> => hold(input, undefined as never);
