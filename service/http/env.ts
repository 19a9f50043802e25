import type { Context } from 'hono';
import type { Asker } from '../identity/identity.ts';

/** What the service's middleware leaves for its routes. */
export interface Env {
  readonly Variables: { asker: Asker };
}

/** A request on its way. */
export type Ctx = Context<Env>;
