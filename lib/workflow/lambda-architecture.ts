import { Architecture } from 'aws-cdk-lib/aws-lambda';
import type { CpuArchitecture } from '../config/stage-config.ts';

/** The processor in the words of Lambda. x86 unless said: what is tested on the emulator is the very binary that is deployed. */
export const lambdaArchitecture = (architecture: CpuArchitecture): Architecture =>
  architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64;
