import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { count, isMain } from './command.ts';
import { FIRST, makeWideLake } from './console/wide-lake.ts';

const USAGE = `Usage: npm run bench:console -- [options]

How long the console's pages and the API take over a wide lake, asked one after another by HTTP, warm.

  --domains N    each has a dataset and a Gold table (100)
  --runs N       runs in all (1_000)
  --open N       records in quarantine of one dataset (100_000)
  --requests N   of each page (50)
  --many N       requests of one page, for the memory (10_000)
  --work DIR     where the lake goes, or is, if it was made before (bench/out/console)`;

const LAUNCHER = fileURLToPath(new URL('../cli/assay.mjs', import.meta.url));

/** A service that was started, and what it takes to ask it. */
interface Served {
  readonly child: ChildProcess;
  readonly url: string;
  readonly token: string;
  /** From the start of the process until the first page was there. */
  readonly firstPageMs: number;
}

async function serve(folder: string): Promise<Served> {
  const startMs = performance.now();
  const child = spawn(process.execPath, [LAUNCHER, 'serve', '--port', '0', '--json'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  const { url, token }: { url: string; token: string } = JSON.parse(String(line));
  const served = { child, url, token, firstPageMs: 0 };
  await ask(served, '/datasets');
  return { ...served, firstPageMs: performance.now() - startMs };
}

/** Milliseconds until an answer was read whole. */
async function ask({ url, token }: Served, at: string): Promise<number> {
  const startMs = performance.now();
  const answer = await fetch(url + at, {
    headers: { authorization: `Bearer ${token}`, accept: 'text/html' },
  });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`${at}: ${answer.status}`);
  return performance.now() - startMs;
}

/** Milliseconds of processor time that the service took so far: what it costs, however busy the machine is. */
function cpuMs({ child }: Served): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const residentMb = ({ child }: Served): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;

const part = (sorted: readonly number[], share: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(0);

/** The page of the lines that the first figure of a report comes from. */
async function firstLines({ url, token }: Served): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, accept: 'text/html' };
  const page = await (await fetch(`${url}/reports/d000.monthly`, { headers })).text();
  const [, at = ''] = /href="(\/reports\/[^"]*\/lines\?[^"]*)"/.exec(page) ?? [];
  return at.replaceAll('&amp;', '&');
}

async function measurePages(served: Served, requests: number): Promise<void> {
  const list = await fetch(`${served.url}/v1/runs?dataset=${FIRST}`, {
    headers: { authorization: `Bearer ${served.token}` },
  });
  const { runs } = (await list.json()) as { runs: { runId: string }[] };
  const pages = [
    '/',
    '/datasets',
    '/datasets?q=amount',
    `/datasets/${FIRST}`,
    '/runs',
    '/runs?status=held',
    `/runs/${runs[0]?.runId}`,
    '/activity',
    '/reports',
    '/reports/d000.monthly',
    await firstLines(served),
    '/v1/datasets',
    '/v1/runs',
    '/v1/health?limit=50',
    '/quarantine',
    `/quarantine?dataset=${FIRST}`,
    `/quarantine?dataset=${FIRST}&code=NULL_VALUE&file=f.csv`,
    '/v1/quarantine',
    `/v1/datasets/${FIRST}/quarantine`,
    '/v1/reports/d000.monthly',
  ];
  console.log('| page | first ms | p50 ms | p95 ms | processor ms |\n|---|---:|---:|---:|---:|');
  for (const at of pages) {
    const first = await ask(served, at);
    const times: number[] = [];
    const before = cpuMs(served);
    for (let n = 0; n < requests; n++) times.push(await ask(served, at));
    const cpu = (cpuMs(served) - before) / requests;
    times.sort((a, b) => a - b);
    console.log(
      `| ${at.replace(/\/\d{8}T.*/, '/RUN').replace(/lines\?.*/, 'lines?…')} | ${first.toFixed(0)} | ${part(times, 0.5)} | ${part(times, 0.95)} | ${cpu.toFixed(0)} |`,
    );
  }
}

async function measureMemory(served: Served, many: number): Promise<void> {
  const marks: string[] = [];
  for (let n = 0; n < many; n++) {
    if (n % Math.ceil(many / 5) === 0) marks.push(`${residentMb(served).toFixed(0)} after ${n}`);
    await ask(served, '/datasets');
  }
  console.log(`\nresident MB: ${marks.join(', ')}, ${residentMb(served).toFixed(0)} after ${many}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      domains: { type: 'string', default: '100' },
      runs: { type: 'string', default: '1_000' },
      open: { type: 'string', default: '100_000' },
      requests: { type: 'string', default: '50' },
      many: { type: 'string', default: '10_000' },
      work: { type: 'string', default: 'bench/out/console' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const folder = resolve(values.work);
  const width = {
    domains: count('--domains', values.domains),
    runs: count('--runs', values.runs),
    open: count('--open', values.open),
  };
  if (!existsSync(join(folder, 'lake'))) await makeWideLake(folder, width);
  const served = await serve(folder);
  try {
    console.log(`first page ${served.firstPageMs.toFixed(0)} ms after the start\n`);
    await measurePages(served, count('--requests', values.requests));
    await measureMemory(served, count('--many', values.many));
  } finally {
    served.child.kill();
  }
}

if (isMain(import.meta.url)) await main();
