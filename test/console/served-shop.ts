import { once } from 'node:events';
import { startAssay } from '../cli/assay.ts';
import { runMain, runMainJson } from '../cli/run-main.ts';
import { openShop, type Shop } from '../cli/shop.ts';

/** A shop's lake that is served by the command. */
export interface ServedShop {
  readonly shop: Shop;
  readonly url: string;
  readonly token: string;
  /** Drops a file and runs; returns the run's id. */
  run(name: string, text: string): Promise<string>;
  dispose(): Promise<void>;
}

/** Serves a new shop's lake; one bad record of ten is enough for a run to be held. */
export async function serveShop(): Promise<ServedShop> {
  const shop = await openShop('{ maxQuarantineRate: 0.1, smallBatchRecords: 2 }');
  const child = startAssay(['serve', '--port', '0', '--json'], shop);
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  const { url, token }: { url: string; token: string } = JSON.parse(String(line));
  return {
    shop,
    url,
    token,
    async run(name, text) {
      await shop.write(name, text);
      await runMain(['ingest', name, '--dataset', 'shop.sales'], shop);
      const { json } = await runMainJson(['run'], shop);
      return (json as { runId: string }[])[0]?.runId ?? '';
    },
    async dispose() {
      child.kill('SIGKILL');
      await shop.dispose();
    },
  };
}
