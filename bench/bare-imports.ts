/** What every service needs, loaded and nothing else: the floor of start and idle memory. */
import '@commercetools/ts-client';
import 'fastify';
import 'pino';
import 'prom-client';
import 'undici';
import 'zod';

console.log(JSON.stringify({ msg: 'started', ports: [''] }));
