/**
 * Token of a link to a cart: `v1.<base64url(cart id)>.<expiry>.<signature>`. The expiry is in seconds since 1970; the signature
 * is an HMAC-SHA256 over what precedes it. A link shows the cart of a shopper, so a shop front has to verify the token.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export type CartLink =
  | { cartId: string }
  /** `malformed`: not a token; `signature`: changed, or signed with another secret; `expired`: signed, and too old. */
  | { invalid: 'malformed' | 'signature' | 'expired' };

const version = 'v1';

/** @param secret the first one of CART_LINK_SECRET */
export function cartToken(cartId: string, expiresAt: Date, secret: string): string {
  const id = Buffer.from(cartId).toString('base64url');
  const signed = `${version}.${id}.${Math.floor(expiresAt.getTime() / 1_000)}`;
  return `${signed}.${signatureOf(signed, secret).toString('base64url')}`;
}

/**
 * Verifies the token of a link to a cart.
 * @param secrets those of CART_LINK_SECRET, several while the secret is replaced; an empty one never matches
 * @returns the id of the cart, or why the token is not valid; never throws
 */
export function cartIdOf(token: string, secrets: readonly string[], now: Date): CartLink {
  const [, id = '', expiry = '', signature = ''] = /^v1\.([\w-]+)\.(\d{1,12})\.([\w-]{43})$/.exec(token) ?? [];
  if (id === '') return { invalid: 'malformed' };
  const given = Buffer.from(signature, 'base64url');
  const signed = `${version}.${id}.${expiry}`;
  // The last character of a signature has bits that are not decoded: it is compared as it is encoded.
  const isCanonical = given.toString('base64url') === signature;
  // Every secret is tried, so that the time taken reveals nothing.
  const matches = secrets.map((secret) => secret !== '' && timingSafeEqual(signatureOf(signed, secret), given));
  if (!isCanonical || !matches.includes(true)) return { invalid: 'signature' };
  if (Number(expiry) * 1_000 <= now.getTime()) return { invalid: 'expired' };
  return { cartId: Buffer.from(id, 'base64url').toString() };
}

function signatureOf(signed: string, secret: string): Buffer {
  return createHmac('sha256', secret).update(signed).digest();
}
