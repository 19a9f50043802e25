import { plan } from '../etl/stages/plan.ts';

export const handler = (input: unknown): Promise<unknown> => plan(input, undefined as never);
