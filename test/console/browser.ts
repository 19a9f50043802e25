import { existsSync } from 'node:fs';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';

/** Where Debian and its relatives, and others, put it. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Starts the system's Chromium, or the one that $CHROMIUM names. */
export async function openChromium(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? PLACES.find((place) => existsSync(place));
  if (executablePath === undefined)
    throw new Error('There is no Chromium: install it (apt-get install chromium), or name it by $CHROMIUM.');
  // The sandbox needs rights that containers don't give; what is opened is our own.
  return await chromium.launch({ executablePath, args: ['--no-sandbox'] });
}

/** So long a page may take beside everything else. */
export const PATIENCE_MS = 90_000;

/** A page, and what went wrong on it. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors and warnings of its console, dialogs, failed requests, and requests to other hosts. */
  readonly trouble: string[];
}

/** A window of somebody who signed in by the address, in which nothing goes wrong unseen. */
export async function signedIn(
  browser: Browser,
  {
    url,
    token,
    options = {},
  }: { readonly url: string; readonly token: string; readonly options?: BrowserContextOptions },
): Promise<BrowserContext> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  await page.goto(`${url}/?token=${token}`);
  await page.close();
  return context;
}

/** Opens a page that is watched. */
export async function watchedPage(context: BrowserContext, url: string): Promise<WatchedPage> {
  const page = await context.newPage();
  const trouble: string[] = [];
  page.on('console', (message) => {
    if (message.type() !== 'log') trouble.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => void trouble.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    trouble.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) trouble.push(`elsewhere: ${request.url()}`);
  });
  page.on('requestfailed', (request) => {
    // A page that is left ends what it asked for.
    const isLeft = request.failure()?.errorText === 'net::ERR_ABORTED';
    if (!isLeft) trouble.push(`failed: ${request.url()}`);
  });
  return { page, trouble };
}
