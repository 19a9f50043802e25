import { ConfigError } from '../../etl/errors.ts';

/** Counts what each person has open; throws ConfigError `TOO_MANY` for one too many. What is returned gives the place back. */
export function fewEach(most: number, what: string): (name: string) => () => void {
  const open = new Map<string, number>();
  return (name) => {
    const count = open.get(name) ?? 0;
    if (count >= most)
      throw new ConfigError('TOO_MANY', `You have ${most} ${what} open, and no more are served: close one.`);
    open.set(name, count + 1);
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      const left = (open.get(name) ?? 1) - 1;
      if (left === 0) open.delete(name);
      else open.set(name, left);
    };
  };
}
