/** Processes of a measurement, each on its own: both fakes, the service, the floor. Nothing is left running. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const up = z.object({ url: z.string() });

export interface Running {
  url: string;
  /** Sends a message, and waits for the first answer that has this shape. */
  ask<Answer>(message: unknown, shape: z.ZodType<Answer>): Promise<Answer>;
  tell(message: object): void;
  stop(): Promise<void>;
}

/** @param file below bench/; resolves when it says where it listens */
export async function start(file: string, args: readonly string[], env: Record<string, string> = {}): Promise<Running> {
  const { NODE_ARGUMENTS: execArgv = '' } = env;
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    execArgv: execArgv.split(' ').filter((one) => one !== ''),
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const { url } = await answerOf(child, up);
  return {
    url,
    async ask(message, shape) {
      const answer = answerOf(child, shape);
      child.send(message as object);
      return answer;
    },
    tell: (message) => void child.send(message),
    async stop() {
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.disconnect();
      await ended;
    },
  };
}

function answerOf<Answer>(child: ChildProcess, shape: z.ZodType<Answer>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`ended with code ${code} before it answered`));
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
