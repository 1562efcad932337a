/**
 * TLS and SASL in front of a Kafka broker that speaks neither: ends TLS, answers SaslHandshake and SaslAuthenticate
 * itself, lets nobody further before that, and has the broker named by its own name and port. https://kafka.apache.org/protocol
 */
import { type AddressInfo, connect } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { createSplitter, readdress } from './kafka-frames.ts';
import { type Conversation, type Credentials, converse, type Mechanism, mechanisms, type Said } from './sasl.ts';

export interface SecureDoor {
  port: number;
  /** Whom it lets in from now on. */
  letIn(credentials: Credentials): void;
  /** How often somebody was refused. */
  rejections(): number;
  stop(): Promise<void>;
}

export interface SecureDoorOptions {
  /** The broker's. */
  port: number;
  certificate: string;
  privateKey: string;
  /** Of those that it knows. */
  mechanism: Mechanism;
  credentials: Credentials;
}

/** As long as the address that it stands for. */
const name = 'localhost';
const [saslHandshake, apiVersions, saslAuthenticate] = [17, 18, 36];
const [unsupportedMechanism, authenticationFailed] = [33, 58];

export async function startSecureDoor(options: SecureDoorOptions): Promise<SecureDoor> {
  const { certificate: cert, privateKey: key, mechanism } = options;
  const sockets = new Set<TLSSocket>();
  let { credentials } = options;
  let refused = 0;
  const server = createServer({ key, cert }, (client) => {
    // As Confluent Cloud does, which has many clusters behind one address.
    if (client.servername !== name) return void client.destroy();
    const upstream = connect(options.port, '127.0.0.1');
    let conversation: Conversation | undefined;
    let isIn = false;

    function handshake(frame: Buffer): void {
      const { body } = requestOf(frame);
      const wanted = body.toString('utf8', 2, 2 + body.readInt16BE(0));
      if (wanted !== mechanism) return void client.end(handshakeAnswer(frame, unsupportedMechanism));
      conversation = converse(mechanism, credentials);
      client.write(handshakeAnswer(frame, 0));
    }

    function authenticate(frame: Buffer): void {
      const said = conversation?.(authBytesOf(frame)) ?? 'refused';
      if (said === 'refused') {
        refused += 1;
        return void client.end(authenticateAnswer(frame, said));
      }
      isIn = said.isIn;
      client.write(authenticateAnswer(frame, said));
    }

    function take(frame: Buffer): void {
      const apiKey = frame.readInt16BE(4);
      if (apiKey === saslHandshake) handshake(frame);
      else if (apiKey === saslAuthenticate) authenticate(frame);
      else if (isIn || apiKey === apiVersions) upstream.write(frame);
      else client.destroy();
    }

    const [asked, answered] = [createSplitter(), createSplitter()];
    sockets.add(client);
    client.on('data', (bytes: Buffer) => asked(bytes).forEach(take));
    upstream.on('data', (bytes: Buffer) => {
      for (const frame of answered(bytes)) {
        readdress(frame, { host: '127.0.0.1', port: options.port }, { host: name, port });
        client.write(frame);
      }
    });
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
    client.on('close', () => {
      sockets.delete(client);
      upstream.destroy();
    });
    upstream.on('close', () => client.destroy());
  });
  // Whoever does not trust the certificate ends the handshake.
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    letIn(others) {
      credentials = others;
    },
    rejections: () => refused,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A request behind its header: key, version, correlation id, client id. */
function requestOf(frame: Buffer): { version: number; correlationId: number; body: Buffer } {
  const body = frame.subarray(14 + Math.max(0, frame.readInt16BE(12)));
  return { version: frame.readInt16BE(6), correlationId: frame.readInt32BE(8), body };
}

/** Version 2 is the flexible form: tagged fields (here none) and lengths of one byte, more by one. */
function authBytesOf(frame: Buffer): Buffer {
  const { version, body } = requestOf(frame);
  if (version < 2) return body.subarray(4, 4 + body.readInt32BE(0));
  const [, low = 0, high = 0] = body;
  return low < 0x80 ? body.subarray(2, 1 + low) : body.subarray(3, 2 + (low & 0x7f) + high * 0x80);
}

function handshakeAnswer(frame: Buffer, code: number): Buffer {
  const known = mechanisms.map((name) => Buffer.concat([int16(name.length), Buffer.from(name)]));
  return answer(frame, [int16(code), int32(known.length), ...known]);
}

/** In the form that was asked in; without a message and without an end of the session. */
function authenticateAnswer(frame: Buffer, said: Said): Buffer {
  const { version } = requestOf(frame);
  const code = int16(said === 'refused' ? authenticationFailed : 0);
  const bytes = said === 'refused' ? Buffer.alloc(0) : said.bytes;
  const noEnd = Buffer.alloc(8);
  if (version < 2)
    return answer(frame, [code, int16(-1), int32(bytes.length), bytes, ...(version === 1 ? [noEnd] : [])]);
  return answer(frame, [Buffer.of(0), code, Buffer.of(0), uvarint(bytes.length + 1), bytes, noEnd, Buffer.of(0)]);
}

function answer(frame: Buffer, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat([int32(requestOf(frame).correlationId), ...parts]);
  return Buffer.concat([int32(body.length), body]);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function uvarint(value: number): Buffer {
  return value < 0x80 ? Buffer.of(value) : Buffer.of((value & 0x7f) | 0x80, value >> 7);
}
