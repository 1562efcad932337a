/** Keys of the test's own, and a server on this machine that publishes them as Google, Microsoft and Amazon would. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

export interface Publisher {
  url: string;
  /** Where the JSON Web Keys are. */
  keys: URL;
  /** A token of RS256, valid from now for five minutes unless the claims say otherwise. */
  sign(claims: JWTPayload): Promise<string>;
  /** As `sign`, with a key that nobody published. */
  forge(claims: JWTPayload): Promise<string>;
  /** Answers 500 instead of keys and certificates. */
  breakDown(broken: boolean): void;
  /** Paths that were asked for. */
  asked: string[];
  stop(): Promise<void>;
}

/** @param files further paths and what they hold */
export async function startPublisher(files: Record<string, string> = {}): Promise<Publisher> {
  const real = await generateKeyPair('RS256');
  const other = await generateKeyPair('RS256');
  const jwks = JSON.stringify({
    keys: [{ ...(await exportJWK(real.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }],
  });
  const asked: string[] = [];
  let broken = false;
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    asked.push(path);
    const said = { '/keys': jwks, ...files }[path.split('?')[0] ?? ''];
    response.writeHead(broken ? 500 : said === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(said);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const signWith = (key: CryptoKey, claims: JWTPayload) => {
    const now = Math.floor(Date.now() / 1_000);
    return new SignJWT({ iat: now, exp: now + 300, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .sign(key);
  };
  return {
    url,
    keys: new URL(`${url}/keys`),
    sign: (claims) => signWith(real.privateKey, claims),
    forge: (claims) => signWith(other.privateKey, claims),
    breakDown(now) {
      broken = now;
    },
    asked,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A certificate of RSA that is valid now for this machine, signed by itself, as SNS publishes one of its own. */
export function makeCertificate(): { certificate: string; privateKey: string } {
  const folder = mkdtempSync(join(tmpdir(), 'ctk-certificate-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const asked = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=sns.test'];
  const names = ['-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', [...asked, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const made = { certificate: readFileSync(cert, 'utf8'), privateKey: readFileSync(key, 'utf8') };
  rmSync(folder, { recursive: true });
  return made;
}
