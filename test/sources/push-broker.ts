/** Google Pub/Sub pushing with a signed token, as the sandbox plays it, through a proxy that can be cut. */
import pino from 'pino';
import { PubSub, topicName } from '../../sandbox/commercetools/pubsub.ts';
import { createService } from '../../src/app/service.ts';
import { readConfig } from '../../src/config/config.ts';
import { createEndedSessions } from '../../src/http/auth/ended-sessions.ts';
import { createBodyPool } from '../../src/http/body-guard.ts';
import { buildServer } from '../../src/http/server.ts';
import { createHttpPush } from '../../src/sources/http-push.ts';
import { createGooglePubSubAuthenticator } from '../../src/sources/push/google-pub-sub.ts';
import { environment } from '../fixtures/environment.ts';
import type { Broker, Kind } from './broker.ts';
import { startPublisher } from './keys.ts';
import { startProxy, type TcpProxy } from './proxy.ts';

const topic = topicName('project', 'commercetools');
const audience = 'https://connector.example/';
const serviceAccount = 'push@project.iam.gserviceaccount.com';

async function start(): Promise<Broker> {
  const publisher = await startPublisher();
  const pubsub = new PubSub({ ackDeadlineMs: 10_000, firstRetryMs: 50, maxRetryMs: 200, concurrency: 100 });
  const token = await publisher.sign({
    iss: 'https://accounts.google.com',
    aud: audience,
    email: serviceAccount,
    email_verified: true,
  });
  const env = { PUSH_PUBSUB_AUDIENCE: audience, PUSH_PUBSUB_SERVICE_ACCOUNT: serviceAccount };
  const trusted = { googleKeys: publisher.keys };
  const proxies: TcpProxy[] = [];
  const closers: (() => Promise<unknown>)[] = [];
  async function pushTo(service: string): Promise<void> {
    const proxy = await startProxy(Number(new URL(service).port));
    proxies.push(proxy);
    const pushEndpoint = `http://127.0.0.1:${proxy.port}/`;
    pubsub.bind(topic, { pushEndpoint, headers: { authorization: `Bearer ${token}` } });
  }
  return {
    env,
    trusted,
    pushTo,
    async source({ concurrency, events }) {
      const config = readConfig(environment({ ...env, APP_TYPE: 'EVENT' }));
      const {
        runs,
        deadLetters,
        replay,
        explain,
        find,
        runStore: store,
        now,
      } = createService(config, pino({ level: 'silent' }));
      const authenticators = [createGooglePubSubAuthenticator({ audience, serviceAccount }, publisher.keys)];
      const push = createHttpPush({
        authenticators,
        allowUnauthenticated: false,
        trustsThisMachine: false,
        events,
        deadlineMs: 5_000,
        maxPushes: concurrency,
      });
      const server = await buildServer(
        {
          log: pino({ level: 'silent' }),
          version: '0',
          push,
          runs,
          deadLetters,
          replay,
          explain,
          find,
          ...{ events, now, endedSessions: createEndedSessions(store, now), bodyPool: createBodyPool() },
          apiTokens: config.apiTokens,
          realtime: true,
          bulk: false,
          readiness: async () => ({ ready: true, commercetools: 'ok', klaviyo: 'ok', sources: {}, subscriptions: {} }),
          metrics: { scrape: async () => ({ contentType: 'text/plain', text: '' }) },
          stopping: () => false,
          counts: () => ({}),
        },
        'realtime',
      );
      await pushTo(await server.listen({ port: 0, host: '127.0.0.1' }));
      closers.push(() => server.close());
      return push;
    },
    async send(...texts) {
      for (const text of texts) pubsub.publish(topic, text, 'test');
    },
    pending: async () => pubsub.pending,
    async cut() {
      for (const proxy of proxies) proxy.cut();
    },
    async mend() {
      for (const proxy of proxies) proxy.mend();
    },
    async stop() {
      await pubsub.stop();
      await Promise.all(proxies.map((proxy) => proxy.stop()));
      await Promise.all(closers.map((close) => close()));
      await publisher.stop();
    },
  };
}

export const push: Kind = { name: 'Pub/Sub push', start };
