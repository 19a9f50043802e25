import { readdir, readFile } from 'node:fs/promises';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { CLOUD } from './emulator.ts';

/** Kills the processes that run a function right now, as a machine that dies does; returns how many they were. Linux only. */
export async function killFunction(functionName: string, emulatorFolder: string): Promise<number> {
  let killed = 0;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    const variables = environment.split('\0');
    const isOurs = variables.some((text) => text.startsWith(`TMPDIR=${emulatorFolder}/`));
    if (!isOurs || !variables.includes(`AWS_LAMBDA_FUNCTION_NAME=${functionName}`)) continue;
    process.kill(Number(pid), 'SIGKILL');
    killed++;
  }
  return killed;
}

/** Gives a function another timeout for the time of some work. */
export async function withTimeout<T>(
  functionName: string,
  seconds: number,
  work: () => Promise<T>,
): Promise<T> {
  const lambda = new LambdaClient({ region: CLOUD.region });
  const set = (Timeout: number) =>
    lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: functionName, Timeout }));
  const { Timeout: before = 900 } = await lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName: functionName }),
  );
  await set(seconds);
  try {
    return await work();
  } finally {
    await set(before);
  }
}
