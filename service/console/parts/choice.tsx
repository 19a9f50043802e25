/** What can be chosen: a value, and how it is called where that is something else. */
export type Option = string | { readonly value: string; readonly text: string };

/** A choice among some values; `all` stands for none of them. What is chosen is there, whether or not it is among them. */
export function Choice({
  name,
  all,
  options,
  chosen,
}: {
  readonly name: string;
  readonly all?: string;
  readonly options: readonly Option[];
  readonly chosen: string | undefined;
}) {
  const known = options.map((one) => (typeof one === 'string' ? { value: one, text: one } : one));
  const isKnown = chosen === undefined || known.some(({ value }) => value === chosen);
  return (
    <select name={name} aria-label={name}>
      {all !== undefined && <option value="">{all}</option>}
      {[...(isKnown ? [] : [{ value: chosen, text: chosen }]), ...known].map(({ value, text }) => (
        <option value={value} selected={value === chosen}>
          {text}
        </option>
      ))}
    </select>
  );
}
