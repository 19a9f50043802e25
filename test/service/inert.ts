import { expect } from '@jest/globals';

/** What a page would run that took it for more than text. */
export const SCRIPT = '<script>alert(1)</script>';
export const IMAGE = '"><img src=x onerror=alert(1)>';
export const LINK = 'javascript:alert(1)';

/** Expects that nothing in a page is a tag, a handler or an address that was made of SCRIPT, IMAGE or LINK. */
export function expectInert(at: string, page: string): void {
  expect([
    at,
    page.includes('<script>'),
    page.includes('<img'),
    /(?:href|src|action)="javascript:/i.test(page),
  ]).toEqual([at, false, false, false]);
  // Outside of text there is no handler.
  expect([at, /<[^>]*\son\w+=/i.test(page.replaceAll(/"[^"]*"/g, '""'))]).toEqual([at, false]);
}

/** How often SCRIPT is shown as text. */
export const shownScripts = (page: string): number => page.split('&lt;script&gt;').length - 1;
