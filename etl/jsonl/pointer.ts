/** JSON pointers (RFC 6901): `/customer/address/0/city`, with `~1` for `/` and `~0` for `~` in a name. */

/** The names and places that a pointer leads through, none for the whole record; undefined where it is no pointer. */
export function pointerSteps(pointer: string): readonly string[] | undefined {
  if (pointer === '') return [];
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) return undefined;
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The pointer that leads through some names. */
export const pointerOf = (steps: readonly string[]): string =>
  steps.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** Where a column stands in a JSON record: what it says, or else under its own name. */
export const columnPointer = ({ name, path }: { readonly name: string; readonly path?: string }): string =>
  path ?? pointerOf([name]);
