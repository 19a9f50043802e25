import { z } from 'zod';
import { type Fault, FaultState } from './faults.ts';

/** The proxy's faults, from the tests' side. */
export interface FaultsClient {
  add(fault: Fault): Promise<string>;
  /** How often a fault has struck. */
  struck(id: string): Promise<number>;
  /** Removes all of them and lets go of what hangs. */
  clear(): Promise<void>;
}

/** Talks to the control paths of the proxy. */
export function faultsClient(url: string): FaultsClient {
  const at = `${url}/_proxy/faults`;
  return {
    add: async (fault) => {
      const answer = await fetch(at, { method: 'POST', body: JSON.stringify(fault) });
      return z.object({ id: z.string() }).parse(await answer.json()).id;
    },
    struck: async (id) => {
      const faults = z.array(FaultState).parse(await (await fetch(at)).json());
      return faults.find((fault) => fault.id === id)?.struck ?? 0;
    },
    clear: async () => {
      await fetch(at, { method: 'DELETE' });
    },
  };
}
