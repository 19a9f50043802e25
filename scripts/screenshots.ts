import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PICTURES = path.join(ROOT, 'docs/console');

/** Pictures are for the page of a repository. */
const SIZE = { width: 1100, height: 760 };
const MOST_BYTES = 80_000;

const CHROMIUM = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** A picture: its name, and how one comes to what it shows. */
interface Picture {
  readonly name: string;
  open(page: Page, url: string): Promise<unknown>;
}

/** Opens an address. */
const at = (address: string) => (page: Page, url: string) => page.goto(url + address);

/** Opens a page and follows the first link to an address below it. */
const first = (address: string, below: string) => async (page: Page, url: string) => {
  await page.goto(url + address);
  const link = await page.locator(`main a[href^="${below}"]`).first().getAttribute('href');
  await page.goto(url + (link ?? address));
};

const SQL =
  'SELECT supplier_name, sum(net_amount) AS net_amount\nFROM silver.spend_council_payments\nGROUP BY ALL ORDER BY 2 DESC LIMIT 4';

/** Asks in SQL, and draws the answer. */
async function asked(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/sql`);
  await page.locator('#sql').fill(SQL);
  await page.locator('form.sql button[type=submit]').click();
  await page.locator('#answer').waitFor();
  await page.locator('summary', { hasText: 'Chart of' }).click();
}

/** A lake that a demo makes, and its pictures. */
interface Demo {
  readonly lake: string;
  /** What the demo is started with. */
  readonly demo: readonly string[];
  /** What its lake is served with. */
  readonly serve: readonly string[];
  readonly pictures: readonly Picture[];
}

const DEMOS: readonly Demo[] = [
  {
    lake: 'lake/demo',
    demo: [],
    serve: [],
    pictures: [
      { name: 'overview', open: at('/') },
      { name: 'catalogue', open: at('/datasets') },
      { name: 'dataset', open: at('/datasets/spend.council_payments') },
      { name: 'runs', open: at('/runs') },
      { name: 'run', open: first('/runs', '/runs/') },
      { name: 'quarantine', open: at('/quarantine?dataset=mortgages.transactions') },
      { name: 'reports', open: at('/reports') },
      { name: 'report', open: at('/reports/spend.monthly_totals') },
      { name: 'sql', open: asked },
      { name: 'activity', open: at('/activity') },
      { name: 'api', open: at('/api') },
    ],
  },
  {
    lake: 'lake/demo-events',
    demo: ['--events'],
    serve: ['--contracts', 'examples/products/contracts'],
    pictures: [
      { name: 'products', open: at('/products') },
      { name: 'product', open: at('/products/products.held') },
      { name: 'stream', open: at('/datasets/products.held/streams/CP-004') },
    ],
  },
];

/** `npm run screenshots`: draws the pages of the demos' lakes into docs/console, and makes those that are missing. */
async function main(): Promise<void> {
  for (const demo of DEMOS) {
    if (!existsSync(path.join(ROOT, demo.lake))) await ended(assay(['demo', ...demo.demo], 'ignore'));
    const served = assay(
      ['serve', '--port', '0', '--json', '--lake', demo.lake, ...demo.serve],
      ['ignore', 'pipe', 'inherit'],
    );
    try {
      await draw(served, demo.pictures);
    } finally {
      served.kill();
    }
  }
}

/** Starts the command in the repository. */
const assay = (args: readonly string[], stdio: StdioOptions): ChildProcess =>
  spawn(process.execPath, [path.join(ROOT, 'cli/assay.mjs'), ...args], { cwd: ROOT, stdio });

/** Waits until a process has ended well. */
async function ended(child: ChildProcess): Promise<void> {
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${child.spawnargs.join(' ')} ended with ${String(code)}.`);
}

async function draw({ stdout }: ChildProcess, pictures: readonly Picture[]): Promise<void> {
  if (stdout === null) throw new Error('The service says nothing.');
  const [line] = await once(stdout.setEncoding('utf8'), 'data');
  const { url, token }: { url: string; token: string } = JSON.parse(String(line));
  const executablePath = CHROMIUM.find((one) => one !== undefined && existsSync(one));
  if (executablePath === undefined) throw new Error('There is no Chromium: apt-get install chromium.');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const context = await browser.newContext({ viewport: SIZE });
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    await page.goto(`${url}/?token=${token}`);
    await mkdir(PICTURES, { recursive: true });
    for (const { name, open } of pictures) {
      await open(page, url);
      await writeFile(path.join(PICTURES, `${name}.webp`), await pictureOf(page, name));
    }
  } finally {
    await browser.close();
  }
}

/** The window as WebP, as good as its size allows. */
async function pictureOf(page: Page, name: string): Promise<Buffer> {
  const session = await page.context().newCDPSession(page);
  for (const quality of [80, 60, 40, 20]) {
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality });
    const bytes = Buffer.from(data, 'base64');
    if (bytes.length <= MOST_BYTES) return bytes;
  }
  throw new Error(`${name} is larger than ${MOST_BYTES} bytes, whatever its quality.`);
}

await main();
