/** A value's type without readonly: what is answered has none in its type. */
type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;

/** The same value, to be answered. */
export const mutable = <T>(value: T): Mutable<T> => value as Mutable<T>;
