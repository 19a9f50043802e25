import { openLake } from '../../adapters/local/lake.ts';
import { runOnce } from '../../adapters/local/run-dataset.ts';
import type { Effects } from '../../etl/ports.ts';

/** `doomed-run.ts LAKE DATASET STEP`: runs the dataset and kills its own process before the lake's STEP-th change. */
const [folder = '', dataset = '', step = '1'] = process.argv.slice(2);

/** Effects whose n-th change of the lake never happens, because the process is gone. */
function dyingAt(effects: Effects, last: number): Effects {
  let steps = 0;
  const guard = <A extends unknown[], R>(change: (...args: A) => Promise<R>) => {
    return (...args: A): Promise<R> => {
      if (++steps >= last) process.kill(process.pid, 'SIGKILL');
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

const lake = await openLake(folder, {
  contractsDir: 'contracts',
  sqlDir: 'sql/gold',
  memoryLimitMb: 200,
  threads: 1,
});
await runOnce(dataset, dyingAt(lake.effects, Number(step)));
