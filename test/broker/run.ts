import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runJest, runSession, timed } from '../aws/support/session-runner.ts';
import { TestBroker } from './support/broker.ts';
import { SESSION_VARIABLE, type Session, serveControl } from './support/broker-control.ts';
import { ensureBrokerTools } from './support/tools.ts';

/**
 * `npm run test:stream`: installs Apache Kafka, starts a broker, and runs the tests of test/broker. Arguments go to Jest.
 * Exit codes: 0 all passed, 1 something failed (the broker's log is kept), 2 the machine lacks something.
 */
process.exitCode = await runSession({
  name: 'broker',
  holds: "The broker's data and log are",
  async work({ folder, signal, atEnd }) {
    const tools = await timed('Kafka', () => ensureBrokerTools(console.log));
    const broker = await TestBroker.prepare(tools, path.join(folder, 'broker'));
    atEnd(() => broker.stop());
    await timed('broker', () => broker.start());
    const { url, stop } = await serveControl(broker);
    atEnd(stop);
    const file = path.join(folder, 'session.json');
    await writeFile(file, JSON.stringify({ ...broker.address, ...tools, control: url } satisfies Session));
    const env = { ...process.env, [SESSION_VARIABLE]: file };
    const config = 'test/broker/jest.config.mjs';
    return await timed('tests', () => runJest({ config, args: process.argv.slice(2), env, signal }));
  },
});
