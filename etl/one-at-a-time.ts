/**
 * Does one piece of work after the other, whatever became of those before. What is urgent goes before all that waits, but
 * interrupts nothing.
 */
export function oneAtATime(): <T>(work: () => Promise<T>, isUrgent?: boolean) => Promise<T> {
  const waiting: (() => Promise<void>)[] = [];
  let isBusy = false;
  const goOn = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next();
    isBusy = false;
  };
  return (work, isUrgent = false) =>
    new Promise((resolve, reject) => {
      const turn = async (): Promise<void> => {
        try {
          resolve(await work());
        } catch (error) {
          reject(error);
        }
      };
      if (isUrgent) waiting.unshift(turn);
      else waiting.push(turn);
      void goOn();
    });
}
