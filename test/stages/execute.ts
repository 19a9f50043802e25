import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type Execution, type ExecutionResult, runStateMachine } from '../../adapters/local/state-machine.ts';
import type { Effects } from '../../etl/ports.ts';
import { bindStages, type StageName } from '../../etl/stages/handlers.ts';
import type { Approval } from '../../etl/stages/outcomes.ts';
import { getDocument } from '../../etl/stages/stored-documents.ts';

const machine = await readFile(
  path.join(import.meta.dirname, '../../state-machines/medallion.asl.json'),
  'utf8',
);
const definitionText = machine.replace('States.MathRandom(1, 4)', 'States.MathRandom(0, 0)');

/** What happens once, before a stage begins for the first time. */
export interface Meanwhile {
  readonly before: StageName;
  readonly happens: () => Promise<void>;
}

/** One execution of the deployed workflow with the real stages, which waits no longer than it must. */
export async function execute(
  effects: Effects,
  input: Execution['input'] & { readonly approved?: Approval },
  meanwhile?: Meanwhile,
): Promise<ExecutionResult> {
  const bound = bindStages(effects);
  let isDue = meanwhile !== undefined;
  const handlers = Object.fromEntries(
    Object.entries(bound).map(([name, call]) => [
      name,
      async (given: unknown) => {
        if (isDue && name === meanwhile?.before) {
          isDue = false;
          await meanwhile.happens();
        }
        return await call(given);
      },
    ]),
  ) as typeof bound;
  return await runStateMachine({
    definitionText,
    handlers,
    readItems: (key) => getDocument(effects.objects, key, z.array(z.unknown())),
    input,
  });
}
