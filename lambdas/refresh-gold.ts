import { refreshGold } from '../etl/stages/refresh-gold.ts';

export const handler = (input: unknown): Promise<unknown> => refreshGold(input, undefined as never);
