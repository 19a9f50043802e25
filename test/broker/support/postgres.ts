import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { chmod, chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort, outputOf } from '../../aws/support/processes.ts';
import { endChild, killChild } from '../../engines/support/server.ts';

const execFileAsync = promisify(execFile);

/** Where Debian puts PostgreSQL's programs, by version. */
const INSTALLED = '/usr/lib/postgresql';

/** The folder of PostgreSQL's programs, the newest that is installed; undefined where there is none. */
export async function findPostgres(): Promise<string | undefined> {
  const versions = await readdir(INSTALLED).catch(() => []);
  const folders = versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => path.join(INSTALLED, version, 'bin'));
  for (const folder of folders)
    if ((await outputOf(path.join(folder, 'initdb'), ['--version'])) !== undefined) return folder;
  return undefined;
}

/** PostgreSQL won't run as root: then it runs as the user that Debian made for it, or as nobody. */
async function notRoot(): Promise<{ readonly uid?: number; readonly gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const uid = Number((await outputOf('id', ['-u', 'postgres'])) ?? 65_534);
  const gid = Number((await outputOf('id', ['-g', 'postgres'])) ?? 65_534);
  return { uid, gid };
}

/** PostgreSQL with logical decoding, its data in a folder of its own. It may be killed and started again. */
export class TestPostgres {
  readonly #programs: string;
  readonly #folder: string;
  readonly #user: Awaited<ReturnType<typeof notRoot>>;
  readonly port: number;
  #child: ChildProcess | undefined;

  private constructor(
    programs: string,
    folder: string,
    { port, user }: { port: number; user: Awaited<ReturnType<typeof notRoot>> },
  ) {
    this.#programs = programs;
    this.#folder = folder;
    this.#user = user;
    this.port = port;
  }

  /** Makes a cluster; `start` starts it. Whoever comes to its port is its superuser `assay`. */
  static async prepare(programs: string): Promise<TestPostgres> {
    const folder = await mkdtemp(path.join(tmpdir(), 'assay-postgres-'));
    const user = await notRoot();
    if (user.uid !== undefined && user.gid !== undefined) await chown(folder, user.uid, user.gid);
    await chmod(folder, 0o700);
    const args = ['-D', path.join(folder, 'data'), '-U', 'assay', '-A', 'trust', '-E', 'UTF8', '--no-sync'];
    await execFileAsync(path.join(programs, 'initdb'), [...args, '--locale=C'], { ...user, cwd: folder });
    return new TestPostgres(programs, folder, { port: await freePort(), user });
  }

  /** Starts it, and waits until it answers. */
  async start(): Promise<void> {
    const log = openSync(path.join(this.#folder, 'postgres.log'), 'a');
    const settings = [
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${this.#folder}`,
      'wal_level=logical',
      'fsync=off',
    ];
    const args = ['-D', path.join(this.#folder, 'data'), '-p', String(this.port)];
    this.#child = spawn(
      path.join(this.#programs, 'postgres'),
      [...args, ...settings.flatMap((setting) => ['-c', setting])],
      { ...this.#user, cwd: this.#folder, stdio: ['ignore', log, log] },
    );
    closeSync(log);
    const until = Date.now() + 180_000;
    while ((await this.query('SELECT 1').catch(() => undefined)) === undefined) {
      if (this.#child.exitCode !== null || Date.now() > until)
        throw new Error(`PostgreSQL did not start; see ${this.#folder}/postgres.log`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** What psql prints of some SQL: a line a row, its columns apart by `|`. */
  async query(sql: string): Promise<string> {
    const place = ['-h', '127.0.0.1', '-p', String(this.port), '-U', 'assay', '-d', 'postgres'];
    const { stdout } = await execFileAsync(path.join(this.#programs, 'psql'), [
      ...place,
      ...['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', sql],
    ]);
    return stdout.trimEnd();
  }

  /** Ends all of it as a crash does. */
  async kill(): Promise<void> {
    if (this.#child !== undefined) await killChild(this.#child);
  }

  /** Ends it and removes its data. */
  async dispose(): Promise<void> {
    if (this.#child !== undefined) await endChild(this.#child);
    await rm(this.#folder, { recursive: true, force: true });
  }
}
