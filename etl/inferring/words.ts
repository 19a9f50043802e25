/** Header words that mean about the same in business files; a group is named by its first. */
const GROUPS: readonly (readonly string[])[] = [
  ['name', 'label', 'title'],
  ['number', 'no', 'num', 'nr', 'nbr'],
  ['identifier', 'id', 'uid'],
  ['address', 'uri', 'url', 'link'],
  ['supplier', 'vendor', 'beneficiary', 'payee', 'creditor'],
  ['customer', 'client', 'clients', 'customers'],
  ['organisation', 'organization', 'org', 'body', 'authority', 'company'],
  ['amount', 'amt', 'value', 'sum'],
  ['pay', 'paid', 'payment', 'payments', 'pays'],
  ['spending', 'expense', 'expenses', 'expenditure', 'spend'],
  ['code', 'cd'],
  ['telephone', 'phone', 'tel', 'mobile'],
  ['mail', 'email', 'emails'],
  ['postcode', 'zip', 'zipcode', 'plz', 'postal'],
  ['birth', 'birthday', 'dob', 'born'],
  ['quantity', 'qty'],
  ['description', 'desc', 'descr', 'text'],
  ['transaction', 'txn', 'trans'],
  ['category', 'cat'],
];

const STANDARD = new Map(GROUPS.flatMap((group) => group.map((word) => [word, group[0] ?? word] as const)));
const FILLERS = new Set(['of', 'the', 'a', 'an', 'in', 'for']);

/** The words of a header, in lower case: `NetAmount`, ` Net  amount ` and `net_amount` are `net`, `amount`. */
export function headerWords(header: string): readonly string[] {
  return header
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

/** Those words without fillers, each replaced by its group's first. */
export function headerMeaning(header: string): readonly string[] {
  return headerWords(header)
    .filter((word) => !FILLERS.has(word))
    .map((word) => STANDARD.get(word) ?? word);
}

/** What two headers must share to be the same but for blanks, case and signs. */
export function headerKey(header: string): string {
  return headerWords(header).join('');
}
