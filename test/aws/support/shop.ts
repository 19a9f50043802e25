import { randomUUID } from 'node:crypto';

/** The customers of examples/shop, which are deployed beside the repository's contracts, and protected. */
export const CUSTOMERS = 'shop.customers';

const HEADER = 'Customer No,Full name,Mail,Phone,Birthday,City,Newsletter,Note,Changed on';

/** A file of customers, and the values in it that must be nowhere once it is protected. */
export interface PlantedFile {
  readonly text: string;
  /** Each of twelve characters or more: shorter ones stand in envelopes by chance. */
  readonly secrets: readonly string[];
  /** A city, which the contract leaves in the clear: whoever looks for values has to find it. */
  readonly city: string;
  /** A customer's number, and what a record of theirs says. */
  readonly ann: {
    readonly id: string;
    readonly mail: string;
    readonly name: string;
    readonly birthday: string;
  };
  readonly ben: { readonly id: string; readonly mail: string };
  /** What stands where a mail ought to. */
  readonly fay: string;
}

/**
 * A file with five good records, and four that fail, each in its own way: a mail that is none, a birthday that is none,
 * a comma too many, and nobody's.
 */
export function plantedFile(): PlantedFile {
  const tag = randomUUID().replaceAll('-', '').slice(0, 10);
  const base = 1000 + (Number.parseInt(tag.slice(0, 6), 16) % 8000);
  const idOf = (n: number): string => `C-${base + n}`;
  const mailOf = (name: string): string => `${name}.${tag}@example.com`;
  const city = `Kirkstall-${tag}`;
  const line = (n: number, name: string, more: Readonly<Record<string, string>> = {}): string => {
    const { id = idOf(n), mail = mailOf(name), birthday = `0${(n % 8) + 1}/11/1971`, note = '' } = more;
    const full = `${name} Overbeck-${tag}`;
    return [id, full, mail, `07700 90${tag}`, birthday, city, 'yes', note, '09/08/2026'].join(',');
  };
  const lines = [
    line(1, 'ann', { note: `her brother is Bert Thackray-${tag}` }),
    line(2, 'ben'),
    line(3, 'cat'),
    line(4, 'dan'),
    line(5, 'eve'),
    line(6, 'fay', { mail: `fay-at-nowhere-${tag}` }),
    line(7, 'gus', { birthday: `midsummer-${tag}` }),
    line(8, 'hal', { note: `a comma, too many ${tag}` }),
    line(9, 'ida', { id: '' }),
  ];
  const names = ['ann', 'ben', 'cat', 'dan', 'eve', 'fay', 'gus', 'hal', 'ida'];
  return {
    text: `${[HEADER, ...lines].join('\n')}\n`,
    city,
    secrets: [
      ...names.flatMap((name) => [`${name} Overbeck-${tag}`, mailOf(name)]),
      ...[`07700 90${tag}`, `Thackray-${tag}`, `fay-at-nowhere-${tag}`, `midsummer-${tag}`],
      `too many ${tag}`,
    ],
    ann: { id: idOf(1), mail: mailOf('ann'), name: `ann Overbeck-${tag}`, birthday: '02/11/1971' },
    ben: { id: idOf(2), mail: mailOf('ben') },
    fay: `fay-at-nowhere-${tag}`,
  };
}
