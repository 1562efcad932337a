/** One push of a sender, to a replica. */
import { Agent, request } from 'undici';

/** The proof of valid pushes; attacks send another one. */
export const pushSecret = 'a-secret-of-the-chaos-tests';

/** As many connections as a broker opens; more pushes wait for one, so that a slow machine does not run out of sockets. */
const dispatcher = new Agent({ connections: 100 });

/** @returns the status, 0 where no answer came */
export async function push(url: string, body: string, secret: string): Promise<number> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret}` };
  try {
    const answer = await request(`${url}/`, { method: 'POST', headers, body, dispatcher });
    await answer.body.dump();
    return answer.statusCode;
  } catch {
    return 0;
  }
}
