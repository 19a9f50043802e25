import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '../../aws/support/processes.ts';
import { endChild, killChild } from '../../engines/support/server.ts';
import type { Session } from './broker-control.ts';

/** Debezium's connector for PostgreSQL, in Kafka Connect's standalone runtime, as docs/streaming.md sets it up. */
export class TestConnector {
  readonly #session: Session;
  readonly #folder: string;
  #child: ChildProcess | undefined;

  private constructor(session: Session, folder: string) {
    this.#session = session;
    this.#folder = folder;
  }

  /** Writes the settings of a connector that reads `public.stock` into `<prefix>.public.stock`. */
  static async prepare(
    session: Session,
    { folder, port, prefix }: { folder: string; port: number; prefix: string },
  ): Promise<TestConnector> {
    const worker = [
      `bootstrap.servers=${session.plain}`,
      'key.converter=org.apache.kafka.connect.json.JsonConverter',
      'key.converter.schemas.enable=false',
      'value.converter=org.apache.kafka.connect.json.JsonConverter',
      'value.converter.schemas.enable=false',
      `offset.storage.file.filename=${path.join(folder, 'connect.offsets')}`,
      'offset.flush.interval.ms=3000',
      'plugin.discovery=service_load',
      `listeners=http://127.0.0.1:${await freePort()}`,
    ];
    const connector = [
      'name=stock',
      'connector.class=io.debezium.connector.postgresql.PostgresConnector',
      'plugin.name=pgoutput',
      'database.hostname=127.0.0.1',
      `database.port=${port}`,
      'database.user=assay',
      'database.password=none',
      'database.dbname=postgres',
      `topic.prefix=${prefix}`,
      'table.include.list=public.stock',
      'decimal.handling.mode=string',
      'time.precision.mode=isostring',
      'retriable.restart.connector.wait.ms=500',
      'errors.max.retries=100',
    ];
    await writeFile(path.join(folder, 'worker.properties'), `${worker.join('\n')}\n`);
    await writeFile(path.join(folder, 'connector.properties'), `${connector.join('\n')}\n`);
    return new TestConnector(session, folder);
  }

  /** Starts it. It reads on where it had noted that it was, or a little before. */
  start(): void {
    const { java, classpath } = this.#session;
    const log = openSync(path.join(this.#folder, 'connect.log'), 'a');
    this.#child = spawn(
      java,
      [
        ...[
          '-Xmx256m',
          '-XX:+UseSerialGC',
          '-XX:TieredStopAtLevel=1',
          '-Duser.timezone=UTC',
          '-cp',
          classpath,
        ],
        'org.apache.kafka.connect.cli.ConnectStandalone',
        ...['worker.properties', 'connector.properties'],
      ],
      { cwd: this.#folder, stdio: ['ignore', log, log] },
    );
    closeSync(log);
  }

  /** Whether it is dead, though nobody killed it. */
  get hasEnded(): boolean {
    return this.#child?.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    if (this.#child !== undefined) await killChild(this.#child);
  }

  async stop(): Promise<void> {
    if (this.#child !== undefined) await endChild(this.#child);
  }
}
