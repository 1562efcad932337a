/** Mock commercetools project over real HTTP: OAuth, the API, and the Pub/Sub that delivers its notifications. */
import { setTimeout as pause } from 'node:timers/promises';
import Fastify, { type FastifyInstance } from 'fastify';
import { createFaults, faultsPlugin } from '../faults.ts';
import { createApi } from './api.ts';
import { ChangeEmitter } from './changes.ts';
import { addControls } from './controls.ts';
import { CustomObjects } from './custom-objects.ts';
import { Engine } from './engine.ts';
import type { ApiRecord } from './json.ts';
import { Notifier } from './notifier.ts';
import { type CommercetoolsSandboxOptions, DEFAULTS } from './options.ts';
import { PubSub } from './pubsub.ts';
import { Records } from './records.ts';
import { recordFile, recordRequest } from './request-record.ts';
import { errorResponse, type HttpResponse, urlTooLong } from './responses.ts';
import type { CommercetoolsSandbox } from './sandbox-types.ts';
import { Subscriptions } from './subscriptions.ts';
import { Tokens } from './tokens.ts';
import { Writes } from './writes.ts';

/** Maximum URL length. Longer URLs get 414, as from the proxy of the real API. */
const MAX_URL_LENGTH = 8_192;
/** Raised so that Node does not respond with 431 before the 414 check. */
const MAX_HEADER_BYTES = 256 * 1024;
/** https://docs.commercetools.com/api/limits */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** Starts the mock API; `stop()` closes all of it. */
export async function startCommercetoolsSandbox(
  options: CommercetoolsSandboxOptions = {},
): Promise<CommercetoolsSandbox> {
  const settings = { ...DEFAULTS, ...options, redelivery: { ...DEFAULTS.redelivery, ...options.redelivery } };
  const { projectKey, clientId, clientSecret, maxPayloadBytes } = settings;
  const records = new Records(settings);
  const changes = new ChangeEmitter();
  const engine = new Engine(projectKey);
  const pubsub = new PubSub(settings.redelivery);
  const tokens = new Tokens(settings);
  const writes = new Writes({ records, changes, engine, behaviours: settings });
  const customObjects = new CustomObjects({ records, changes, behaviours: settings });
  const subscriptions = new Subscriptions({ projectKey, records, changes, pubsub, behaviours: settings });
  const notifier = new Notifier({ projectKey, maxPayloadBytes, records, subscriptions, pubsub });
  changes.listen((change) => notifier.notify(change));

  const faults = createFaults();
  const app = createServer();
  await app.register(faultsPlugin, { faults });
  app.post('/oauth/token', async (request, reply) => {
    const form = new URLSearchParams(typeof request.body === 'string' ? request.body : '');
    return send(reply, tokens.issue(request.headers.authorization, form));
  });
  const record = recordFile(options.record);
  const api = createApi({
    projectKey,
    tokens,
    records,
    writes,
    customObjects,
    subscriptions,
    behaviours: settings,
  });
  app.all('/*', async (request, reply) => {
    if (settings.latencyMs > 0) await pause(settings.latencyMs);
    if (request.url.length > MAX_URL_LENGTH) return send(reply, urlTooLong());
    const url = new URL(request.url, 'http://sandbox');
    const segments = url.pathname
      .split('/')
      .slice(1)
      .filter((part) => part !== '')
      .map(decoded);
    const { method, body } = request;
    if (record !== undefined && segments.length > 0)
      recordRequest(record, { method, path: url.pathname, query: url.search, body });
    const { authorization } = request.headers;
    return send(reply, await api({ method, segments, query: url.searchParams, authorization, body }));
  });

  const stop = async (): Promise<void> => {
    writes.cancelDelayed();
    await pubsub.stop();
    await app.close();
    await engine.stop();
  };
  const controls = {
    records,
    pubsub,
    faults,
    pending: () => pubsub.pending + writes.delayed,
    place: writes.place.bind(writes),
    revokeTokens: () => tokens.revokeAll(),
    stop,
  };
  const createFromRecurringOrder = (order: ApiRecord) =>
    writes.record({ typeId: 'order', before: undefined, after: order, cause: 'recurring-order' });
  const reset = async (): Promise<void> => {
    writes.cancelDelayed();
    pubsub.clear();
    subscriptions.clear();
    records.clear();
    await engine.clear();
  };
  const sandbox = {
    url: '',
    authUrl: '',
    projectKey,
    clientId,
    clientSecret,
    ...controls,
    createFromRecurringOrder,
    reset,
  };
  addControls(app, sandbox);
  const url = await app.listen({ port: settings.port, host: settings.host });
  return Object.assign(sandbox, { url, authUrl: url });
}

function createServer(): FastifyInstance {
  const app = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    http: { maxHeaderSize: MAX_HEADER_BYTES },
    routerOptions: { maxParamLength: MAX_URL_LENGTH * 2 },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  );
  // Clients also send the JSON content type with an empty body.
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    if (body === '') return done(null, undefined);
    try {
      done(null, JSON.parse(String(body)));
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  });
  app.setErrorHandler(async (error, _request, reply) => {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof SyntaxError) {
      return send(
        reply,
        errorResponse(400, 'InvalidJsonInput', `Request body does not contain valid JSON: ${message}`),
      );
    }
    return send(reply, errorResponse(500, 'General', `The sandbox has a bug: ${message}`));
  });
  return app;
}

interface Reply {
  code(status: number): Reply;
  type(contentType: string): Reply;
  send(body: string): Reply;
}

function send(reply: Reply, { status, body, contentType }: HttpResponse): Reply {
  const isText = contentType !== undefined && typeof body === 'string';
  return reply
    .code(status)
    .type(contentType ?? 'application/json; charset=utf-8')
    .send(isText ? body : JSON.stringify(body));
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
