import { expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { runMain } from './run-main.ts';

test('the demo of events comes to what was, and what was believed of it before a late event came', async () => {
  const { folder: cwd, dispose } = await tempFolder();
  try {
    const { code, out, err } = await runMain(['demo', '--events'], { cwd });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    // As the files have it: the price of 7 February came with March's.
    const prices = [...out.matchAll(/"monthly_price": "([\d.]+)"/g)].map(([, price]) => price);
    expect(prices).toEqual(['28.60', '27.50', '25.00']);
    expect(out).toMatch(/CP-004"\} +changes +1 +2/);
    // The demo's own questions are the reads of its product.
    expect(out).toMatch(/Products that customers hold[\s\S]*command/);
  } finally {
    await dispose();
  }
});
