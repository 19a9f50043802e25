import { gate } from '../etl/stages/gate.ts';

export const handler = (input: unknown): Promise<unknown> => gate(input, undefined as never);
