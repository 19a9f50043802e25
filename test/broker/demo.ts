import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runSession, timed } from '../aws/support/session-runner.ts';
import { TestBroker } from './support/broker.ts';
import { ensureBrokerTools } from './support/tools.ts';

/**
 * `npm run demo:stream`: `assay demo --stream`, with the arguments behind `--`. With `--broker`, through a broker of its own:
 * it installs Apache Kafka as `npm run test:stream` does (Java 17, Maven 3.8), starts it, and ends it afterwards.
 */
const ASSAY = fileURLToPath(new URL('../../cli/assay.mjs', import.meta.url));
const words = process.argv.slice(2);

if (!words.includes('--broker')) process.exitCode = await demo(words);
else
  process.exitCode = await runSession({
    name: 'demo-broker',
    holds: "The broker's data and log are",
    async work({ folder, atEnd }) {
      const tools = await timed('Kafka', () => ensureBrokerTools(console.log));
      const broker = await TestBroker.prepare(tools, path.join(folder, 'broker'));
      atEnd(() => broker.stop());
      await timed('broker', () => broker.start());
      const others = words.filter((word) => word !== '--broker');
      return (await demo(['--bootstrap', broker.address.plain, ...others])) === 0;
    },
  });

/** Runs the demo and returns its exit code. */
async function demo(more: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [ASSAY, 'demo', '--stream', ...more], { stdio: 'inherit' });
  return await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}
