import { expect, test } from '@jest/globals';
import { MonthChart } from '../../service/console/charts/month-chart.tsx';
import { cutAbove, everyNth } from '../../service/console/charts/scale.ts';

const drawn = (amounts: readonly string[], month?: string): string =>
  String(
    MonthChart({
      name: 'amount by month',
      series: [
        {
          name: 'amount',
          values: amounts.map((value, n) => ({ month: `2024-${String(n + 1).padStart(2, '0')}`, value })),
        },
      ],
      month,
    }),
  );

/** Heights of the bars, in their order. */
const heights = (svg: string): number[] =>
  [...svg.matchAll(/<rect class="bar[^>]* height="([\d.]+)"/g)].map(([, height]) => Number(height));

test('one amount far above all others is cut, with its figure on it, and the others keep their height', () => {
  const svg = drawn(['100.00', '85986655.92', '200.00', '150.00']);
  const [first = 0, great = 0, second = 0] = heights(svg);
  expect(second).toBeGreaterThan(100);
  expect(first / second).toBeCloseTo(0.5, 2);
  expect(great).toBeGreaterThan(second);
  expect(svg).toContain('>85,986,655.92</text>');
  expect(svg).toContain('The bar of 2024-02 is cut: it stands for 85,986,655.92.');
});

test('amounts that grow evenly, that are few, or that go below zero are drawn to scale', () => {
  expect(cutAbove([1, 2, 4, 8, 16, 32])).toBeUndefined();
  expect(cutAbove([1, 100])).toBeUndefined();
  expect(cutAbove([-5, 3, 4, 900])).toBeUndefined();
  expect(cutAbove([0, 0, 0, 900])).toBeUndefined();
  expect(cutAbove([5, 6, 7, 8, 9, 10, 400, 900])).toBe(10);
  expect(drawn(['1', '2', '3', '4'])).not.toContain('is cut');
});

test('months without figures are told, and the last month and the one looked at have their labels', () => {
  const svg = String(
    MonthChart({
      name: 'amount',
      series: [{ name: 'amount', values: ['2020-01', '2023-04'].map((month) => ({ month, value: '1' })) }],
      month: '2023-04',
    }),
  );
  expect(svg).toContain('38 months between the first and the last have no figures.');
  const months = Array.from({ length: 30 }, (_, n) => n);
  expect(everyNth(months, 9, 12).map(({ label }) => label)).toEqual([1, 5, 9, 12, 17, 21, 25, 29]);
});
