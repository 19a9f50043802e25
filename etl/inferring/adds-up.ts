import { headerMeaning } from './words.ts';

/** Header words of values that never add up: of one piece, a share, a mean, an extreme, a state or a place. */
const NEVER = new Set(
  `unit per each rate rates percent percentage pct ratio share average avg mean median min max minimum maximum
   temperature temp celsius fahrenheit degrees humidity latitude lat longitude lon lng altitude elevation
   score rating einzelpreis stuckpreis zinssatz steuersatz kurs temperatur prozent durchschnitt mittelwert taux`.split(
    /\s+/,
  ),
);

/** Values that add up only where the header says that they are totals. */
const SELDOM = new Set(
  'price prices balance pressure speed index level voltage density preis prix precio prezzo prijs saldo solde'.split(
    ' ',
  ),
);
const TOTALS = new Set([
  'total',
  'totals',
  'subtotal',
  'amount',
  'line',
  'extended',
  'gesamt',
  'gesamtpreis',
]);

/** Whether adding up the values below these headers makes sense, by what they say: no unit price, no rate, no temperature. */
export function addsUp(headers: readonly string[]): boolean {
  return headers.every((header) => {
    const words = headerMeaning(header);
    if (/[%°‰]/.test(header) || words.some((word) => NEVER.has(word))) return false;
    return !words.some((word) => SELDOM.has(word)) || words.some((word) => TOTALS.has(word));
  });
}
