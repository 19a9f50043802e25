import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { systemClock } from '../../adapters/local/clock.ts';
import { onceByKey } from '../../service/http/repeats.ts';
import { memoryTickets } from '../../service/identity/memory-tickets.ts';

/** Two processes of the service, as two containers on AWS are: they share what is in tickets alone. */
const tickets = memoryTickets(systemClock);
const newProcess = () => onceByKey<string>(systemClock, { tickets, answer: z.string() });

test('a repeat that another process gets is answered by the first one’s answer, and not done again', async () => {
  let done = 0;
  const work = async (): Promise<string> => `done ${++done}`;
  expect(await newProcess()('key', 'close May', work)).toBe('done 1');
  expect(await newProcess()('key', 'close May', work)).toBe('done 1');
  await expect(newProcess()('key', 'close June', work)).rejects.toMatchObject({ code: 'OTHER_REQUEST' });
  expect(await newProcess()('another', 'close May', work)).toBe('done 2');
});

test('what failed is done again, by whichever process', async () => {
  const fails = (): Promise<string> => Promise.reject(new Error('the disk is full'));
  await expect(newProcess()('failing', 'close May', fails)).rejects.toThrow('the disk is full');
  expect(await newProcess()('failing', 'close May', async () => 'done')).toBe('done');
});
