import { parentPort } from 'node:worker_threads';
import { CellCipher } from '../../../etl/privacy/cells/cell-cipher.ts';
import { textBuffers } from '../../../etl/privacy/cells/cell-job.ts';
import { workOn } from '../../../etl/privacy/cells/cell-work.ts';
import { Sodium } from '../../../etl/privacy/sodium.ts';
import type { Reply, Request } from './messages.ts';

/** A thread that seals and opens cells. It knows nothing but what its jobs bring, and keeps that in memory until it is ended. */
function serve(): void {
  const cipher = Sodium.open().then((sodium) => new CellCipher(sodium));
  // Whoever waits for it gets the error.
  cipher.catch(() => undefined);
  parentPort?.on('message', ({ job }: Request) => {
    cipher
      .then((opened) => {
        const done = workOn(opened, job);
        reply({ done }, textBuffers(done));
      })
      .catch((failed: unknown) => reply({ failed }, []));
  });
}

function reply(message: Reply, given: ArrayBuffer[]): void {
  parentPort?.postMessage(message, given);
}

serve();
