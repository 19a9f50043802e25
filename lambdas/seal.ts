import { seal } from '../etl/stages/seal.ts';

export const handler = (input: unknown): Promise<unknown> => seal(input, undefined as never);
