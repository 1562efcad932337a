/** Starts and stops the processes of a measurement: both fakes, the service and the floor. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const listeningMessage = z.object({ url: z.string() });

/** A child process, controlled by IPC messages. */
export interface BenchProcess {
  url: string;
  /** Sends a message and returns the first response with the given shape. */
  request<Response>(message: unknown, shape: z.ZodType<Response>): Promise<Response>;
  send(message: object): void;
  stop(): Promise<void>;
}

/**
 * Starts a process and resolves when it is listening.
 * @param file absolute path, or relative to bench/
 */
export async function start(
  file: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<BenchProcess> {
  const { NODE_ARGUMENTS: execArgv = '' } = env;
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    execArgv: execArgv.split(' ').filter((argument) => argument !== ''),
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const { url } = await responseOf(child, listeningMessage);
  return {
    url,
    async request(message, shape) {
      const response = responseOf(child, shape);
      child.send(message as object);
      return response;
    },
    send: (message) => void child.send(message),
    async stop() {
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.disconnect();
      await ended;
    },
  };
}

function responseOf<Response>(child: ChildProcess, shape: z.ZodType<Response>): Promise<Response> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`ended with code ${code} before it responded`));
    const onMessage = (message: unknown) => {
      const parsed = shape.safeParse(message);
      if (!parsed.success) return;
      child.off('message', onMessage);
      child.off('exit', onExit);
      resolve(parsed.data);
    };
    child.on('message', onMessage);
    child.once('exit', onExit);
  });
}
