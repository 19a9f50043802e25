import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { freePort, run } from '../../aws/support/processes.ts';
import { endChild, killChild } from '../../engines/support/server.ts';
import type { BrokerTools } from './tools.ts';

/** Where a broker is reached. */
export interface BrokerAddress {
  /** Without encryption; whoever comes is a super user. */
  readonly plain: string;
  /** With TLS and SASL (PLAIN and SCRAM-SHA-256), for `USER` alone. */
  readonly secure: string;
  /** The certificate by which the secure one is known, PEM. */
  readonly certificate: string;
}

/** Who the secure listener knows. */
export const USER = { username: 'assay', password: 'open-sesame' } as const;

const PATIENCE_MS = 180_000;

/** Apache Kafka, one node that is broker and controller, with its data in a folder. It may be killed and started again. */
export class TestBroker {
  readonly address: BrokerAddress;
  readonly #tools: BrokerTools;
  readonly #folder: string;
  #child: ChildProcess | undefined;

  private constructor(tools: BrokerTools, folder: string, address: BrokerAddress) {
    this.#tools = tools;
    this.#folder = folder;
    this.address = address;
  }

  /** Prepares a broker's folder; `start` starts it. */
  static async prepare(tools: BrokerTools, folder: string): Promise<TestBroker> {
    await mkdir(folder, { recursive: true });
    const [plain, secure, controller] = [await freePort(), await freePort(), await freePort()];
    await makeCertificate(tools, folder);
    const ports = { plain, secure, controller };
    await writeFile(path.join(folder, 'server.properties'), settings(folder, ports).join('\n'));
    const certificate = await exportCertificate(tools, folder);
    const at = (port: number): string => `127.0.0.1:${port}`;
    const broker = new TestBroker(tools, folder, { plain: at(plain), secure: at(secure), certificate });
    await broker.#format();
    return broker;
  }

  async #format(): Promise<void> {
    const scram = `SCRAM-SHA-256=[name=${USER.username},password=${USER.password}]`;
    const args = ['format', '-t', 'AssayTestCluster000000', '-c', 'server.properties', '--add-scram', scram];
    const java = ['-cp', this.#tools.classpath, 'kafka.tools.StorageTool', ...args];
    await run(this.#tools.java, java, { cwd: this.#folder, log: () => undefined });
  }

  /** Starts it on its ports, and waits until it answers. */
  async start(): Promise<void> {
    const log = openSync(path.join(this.#folder, 'broker.log'), 'a');
    const args = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Duser.timezone=UTC'];
    this.#child = spawn(
      this.#tools.java,
      [...args, '-cp', this.#tools.classpath, 'kafka.Kafka', 'server.properties'],
      { cwd: this.#folder, stdio: ['ignore', log, log] },
    );
    closeSync(log);
    const until = Date.now() + PATIENCE_MS;
    while (!(await this.#isUp())) {
      if (this.#child.exitCode !== null || Date.now() > until) {
        await this.stop();
        throw new Error(`The broker did not start; see ${this.#folder}/broker.log`);
      }
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }

  async #isUp(): Promise<boolean> {
    const brokers = [this.address.plain];
    const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { retries: 0 } }).admin();
    try {
      await admin.connect();
      const { brokers: up } = await admin.describeCluster();
      // Makes the topic of offsets, and fails until it is loaded.
      await admin.fetchOffsets({ groupId: 'nobody' });
      return up.length === 1;
    } catch {
      return false;
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }

  /** Ends it as an operator does. */
  async stop(): Promise<void> {
    if (this.#child !== undefined) await endChild(this.#child);
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    if (this.#child !== undefined) await killChild(this.#child);
  }
}

const KEYSTORE = 'secure.p12';

const keytool = ({ java }: BrokerTools): string => path.join(path.dirname(java), 'keytool');

/** A key pair for 127.0.0.1, in a folder that is removed after the tests. */
async function makeCertificate(tools: BrokerTools, cwd: string): Promise<void> {
  const store = ['-keystore', KEYSTORE, '-storetype', 'PKCS12', '-storepass', USER.password];
  const names = ['-alias', 'broker', '-dname', 'CN=broker', '-ext', 'SAN=ip:127.0.0.1'];
  await run(keytool(tools), ['-genkeypair', '-keyalg', 'EC', ...names, ...store], {
    cwd,
    log: () => undefined,
  });
}

async function exportCertificate(tools: BrokerTools, cwd: string): Promise<string> {
  const lines: string[] = [];
  const store = ['-keystore', KEYSTORE, '-storepass', USER.password, '-alias', 'broker'];
  await run(keytool(tools), ['-exportcert', '-rfc', ...store], { cwd, log: (line) => lines.push(line) });
  return lines.slice(lines.indexOf('-----BEGIN CERTIFICATE-----')).join('\n');
}

/** server.properties: quick to start, one replica of everything, topics made by the tests alone. */
function settings(folder: string, ports: { plain: number; secure: number; controller: number }): string[] {
  const { plain, secure, controller } = ports;
  const known = `user_${USER.username}="${USER.password}"`;
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controller}`,
    `listeners=PLAINTEXT://127.0.0.1:${plain},SECURE://127.0.0.1:${secure},CONTROLLER://127.0.0.1:${controller}`,
    'controller.listener.names=CONTROLLER',
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL',
    'inter.broker.listener.name=PLAINTEXT',
    `log.dirs=${path.join(folder, 'data')}`,
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=1',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'transaction.state.log.num.partitions=1',
    'share.coordinator.state.topic.replication.factor=1',
    'share.coordinator.state.topic.min.isr=1',
    'group.initial.rebalance.delay.ms=0',
    'group.min.session.timeout.ms=1000',
    'auto.create.topics.enable=false',
    'log.retention.check.interval.ms=1000',
    'message.max.bytes=2097152',
    'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users=User:ANONYMOUS',
    'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256',
    `listener.name.secure.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required ${known};`,
    'listener.name.secure.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;',
    `listener.name.secure.ssl.keystore.location=${path.join(folder, KEYSTORE)}`,
    'listener.name.secure.ssl.keystore.type=PKCS12',
    `listener.name.secure.ssl.keystore.password=${USER.password}`,
  ];
}
