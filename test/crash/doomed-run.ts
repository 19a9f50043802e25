import { writeSync } from 'node:fs';
import { openLake } from '../../adapters/local/lake.ts';
import { runOnce } from '../../adapters/local/run-dataset.ts';
import type { Effects } from '../../etl/ports.ts';

/**
 * `doomed-run.ts LAKE DATASET STEP`: runs the dataset and kills its own process before the lake's STEP-th change.
 * `doomed-run.ts LAKE DATASET`: stops its own process before every change, saying on a line which it is: whoever started
 * it looks at the lake as a kill would leave it, and lets it go on.
 */
const [folder = '', dataset = '', step] = process.argv.slice(2);

/** Effects that tell before each change of the lake which it is. */
function counting(effects: Effects, beforeChange: (n: number) => void): Effects {
  let changes = 0;
  const guard = <A extends unknown[], R>(change: (...args: A) => Promise<R>) => {
    return (...args: A): Promise<R> => {
      beforeChange(++changes);
      return change(...args);
    };
  };
  const { objects, data } = effects;
  return {
    ...effects,
    objects: { ...objects, put: guard(objects.put), remove: guard(objects.remove) },
    data: { ...data, publish: guard(data.publish) },
  };
}

function stop(n: number): void {
  writeSync(process.stdout.fd, `${n}\n`);
  process.kill(process.pid, 'SIGSTOP');
}

function die(n: number): void {
  if (n >= Number(step)) process.kill(process.pid, 'SIGKILL');
}

const lake = await openLake(folder, {
  contractsDir: 'contracts',
  sqlDir: 'sql/gold',
  memoryLimitMb: 200,
  threads: 1,
});
await runOnce(dataset, counting(lake.effects, step === undefined ? stop : die));
