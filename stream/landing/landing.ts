import type { Lander } from './lander.ts';

/** What the enforcer needs of where events land: Lander's own, or one that lands nothing. */
export type Landing = Pick<Lander, 'unlanded' | 'add' | 'landDue' | 'landAll' | 'forget'>;
