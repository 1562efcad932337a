/** The broker's half of SASL: PLAIN (RFC 4616) and SCRAM (RFC 5802, 7677), for one user. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

export interface Credentials {
  username: string;
  password: string;
}

/** What the broker says next; `refused`: not this user, or not this password. */
export type Said = { bytes: Buffer; isIn: boolean } | 'refused';

/** One authentication. */
export type Conversation = (bytes: Buffer) => Said;

export const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
export type Mechanism = (typeof mechanisms)[number];

export function converse(mechanism: Mechanism, credentials: Credentials): Conversation {
  switch (mechanism) {
    case 'PLAIN':
      return plain(credentials);
    case 'SCRAM-SHA-256':
      return scram('sha256', credentials);
    case 'SCRAM-SHA-512':
      return scram('sha512', credentials);
  }
}

function plain({ username, password }: Credentials): Conversation {
  return (bytes) => {
    const [, user, word] = bytes.toString().split('\0');
    return user === username && word === password ? { bytes: Buffer.alloc(0), isIn: true } : 'refused';
  };
}

function scram(hash: 'sha256' | 'sha512', { username, password }: Credentials): Conversation {
  const salt = randomBytes(16);
  const iterations = 4_096;
  const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
  const salted = pbkdf2Sync(password, salt, iterations, hash === 'sha256' ? 32 : 64, hash);
  let firstOfClient = '';
  let firstOfServer = '';

  function first(said: string): Said {
    firstOfClient = said.replace(/^n,[^,]*,/, '');
    const { n: user, r: nonce } = fieldsOf(firstOfClient);
    if (user !== username) return 'refused';
    firstOfServer = `r=${nonce}${randomBytes(12).toString('hex')},s=${salt.toString('base64')},i=${iterations}`;
    return { bytes: Buffer.from(firstOfServer), isIn: false };
  }

  function last(said: string): Said {
    const { r: nonce, p: proof } = fieldsOf(said);
    const about = `${firstOfClient},${firstOfServer},${said.replace(/,p=.*$/, '')}`;
    const clientKey = hmac(salted, 'Client Key');
    const signature = hmac(createHash(hash).update(clientKey).digest(), about);
    const wanted = Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] ?? 0))).toString('base64');
    if (nonce !== fieldsOf(firstOfServer).r || proof !== wanted) return 'refused';
    const own = hmac(hmac(salted, 'Server Key'), about).toString('base64');
    return { bytes: Buffer.from(`v=${own}`), isIn: true };
  }

  return (bytes) => (firstOfServer === '' ? first(bytes.toString()) : last(bytes.toString()));
}

function fieldsOf(text: string): Record<string, string> {
  return Object.fromEntries(text.split(',').map((field) => [field.slice(0, 1), field.slice(2)]));
}
