/**
 * Stands between the broker and the replicas, as a load balancer does: gives each push to one that lives, now and then
 * late, and now and then loses the answer. Remembers each message once, for a calm run of the same ones.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Random } from '../../sandbox/shop/seed/random.ts';
import { push, pushSecret } from './push.ts';
import type { Replica } from './replica.ts';
import type { Schedule } from './schedule.ts';

export interface Balancer {
  url: string;
  /** The bodies of all messages in the order in which they were published. */
  messages(): string[];
  /** How many pushes it gave on, and how often which status came back; 0: none came. */
  answers: Map<number, number>;
  /** From now on messages are late, and answers lost. */
  startDisorder(): void;
  stopDisorder(): void;
  stop(): Promise<void>;
}

const envelope = z.object({ message: z.object({ messageId: z.string(), publishTime: z.string() }) });
const maxDelayMs = 1_500;

export async function startBalancer(
  replicas: readonly Replica[],
  disorder: Schedule['disorder'],
  random: Random,
): Promise<Balancer> {
  const seen = new Map<string, { publishTime: string; body: string }>();
  const answers = new Map<number, number>();
  let isDisorderOff = true;

  function remember(body: string): void {
    const { messageId, publishTime } = envelope.parse(JSON.parse(body)).message;
    if (!seen.has(messageId)) seen.set(messageId, { publishTime, body });
  }

  /** @returns the status to answer with; 0: none */
  async function forward(body: string): Promise<number> {
    if (!isDisorderOff && random.chance(disorder.lateShare)) await sleep(random.between(10, maxDelayMs));
    const living = replicas.filter((replica) => replica.isUp());
    const one = living[random.between(0, Math.max(0, living.length - 1))];
    if (!one) return 503;
    const status = await push(one.url, body, pushSecret);
    answers.set(status, (answers.get(status) ?? 0) + 1);
    return !isDisorderOff && random.chance(disorder.lostAnswers) ? 0 : status;
  }

  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString();
      remember(body);
      void forward(body).then((status) => {
        if (status === 0) response.destroy();
        else response.writeHead(status).end();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    messages: () =>
      [...seen.values()]
        .toSorted((one, other) => (one.publishTime < other.publishTime ? -1 : 1))
        .map(({ body }) => body),
    answers,
    startDisorder() {
      isDisorderOff = false;
    },
    stopDisorder() {
      isDisorderOff = true;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
