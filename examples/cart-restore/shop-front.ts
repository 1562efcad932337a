/** A shop front with one page: the link of a cart's events gives the shopper a copy of that cart. */
import { createServer, type Server } from 'node:http';
import { cartIdOf } from 'commercetools-klaviyo';

export interface ShopFrontOptions {
  /** Those of CART_LINK_SECRET of the connector. */
  secrets: readonly string[];
  /** `https://api.<region>.commercetools.com/<project key>` */
  projectUrl: string;
  /** Returns a token with `manage_orders`, kept on the server. */
  accessToken(): Promise<string>;
  /** Page that shows the cart of the cookie. */
  cartPage: string;
}

/** Answers `GET /<language>/cart/restore/<token>`, as in `carts.url`. */
export function createShopFront({ secrets, projectUrl, accessToken, cartPage }: ShopFrontOptions): Server {
  /** Returns the id of the copy, or undefined if there is no cart to copy. */
  async function replicate(cartId: string): Promise<string | undefined> {
    const response = await fetch(`${projectUrl}/carts/replicate`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await accessToken()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ reference: { typeId: 'cart', id: cartId } }),
    });
    if (!response.ok) return undefined;
    const replica: unknown = await response.json();
    return typeof replica === 'object' && replica !== null && 'id' in replica ? String(replica.id) : undefined;
  }

  return createServer(async (request, response) => {
    const [, token = ''] = /^\/\w+\/cart\/restore\/([\w.-]+)/.exec(request.url ?? '') ?? [];
    // A link shows the cart of a shopper: without a valid token nothing is read, and the answer reveals nothing.
    const link = cartIdOf(token, secrets, new Date());
    const replicaId = 'invalid' in link ? undefined : await replicate(link.cartId).catch(() => undefined);
    if (replicaId === undefined) {
      response.writeHead(302, { location: cartPage }).end();
      return;
    }
    const cookie = `cart=${replicaId}; Path=/; HttpOnly; Secure; SameSite=Lax`;
    response.writeHead(302, { location: cartPage, 'set-cookie': cookie }).end();
  });
}
