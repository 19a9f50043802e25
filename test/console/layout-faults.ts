import type { Page } from 'playwright-core';

/** What a person would stumble over, as the browser has drawn the page; written for the browser. */
const LOOK = `(() => {
  const faults = [];
  const measure = document.createElement('canvas').getContext('2d');
  const seen = (one) => one.getClientRects().length > 0;
  for (const field of document.querySelectorAll('main input[placeholder]')) {
    // Fields of a table are as wide as their values.
    if (!seen(field) || field.closest('table') !== null) continue;
    const style = getComputedStyle(field);
    measure.font = style.font;
    const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const needed = measure.measureText(field.placeholder).width;
    if (needed > room) faults.push('cut: ' + field.placeholder + ' needs ' + needed + ' of ' + room);
  }
  for (const form of document.querySelectorAll('form.filter')) {
    const fields = [...form.querySelectorAll('input:not([type=range]), select')].filter(seen);
    const tallest = Math.max(0, ...fields.map((one) => one.getBoundingClientRect().height));
    for (const button of form.querySelectorAll('button'))
      if (tallest > 0 && button.getBoundingClientRect().height > 1.3 * tallest)
        faults.push('a button taller than its fields: ' + button.textContent);
  }
  for (const part of document.querySelectorAll('main :is(p, li)')) {
    if (part.closest('table, details, pre') !== null) continue;
    const [moment] = /\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z/.exec(part.innerText) ?? [];
    if (moment !== undefined) faults.push('a moment as programs write it: ' + moment);
  }
  return faults;
})()`;

/**
 * How a page fails people: placeholders that are cut, buttons that don't fit their form, moments in sentences as programs
 * write them.
 */
export async function layoutFaults(page: Page): Promise<string[]> {
  return await page.evaluate(LOOK);
}

/** Names of the pages that the navigation shows as open. */
export async function openPages(page: Page): Promise<string[]> {
  return await page.locator('nav [aria-current]').allTextContents();
}
