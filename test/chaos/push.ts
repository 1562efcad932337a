/** One push of a sender, to a replica. */

/** Proves pushes, so that a wrong proof can be told from a right one. */
export const pushSecret = 'a-secret-of-the-chaos-tests';

/** @returns the status, 0 where no answer came */
export async function push(url: string, body: string, secret: string): Promise<number> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret}` };
  try {
    const answer = await fetch(`${url}/`, { method: 'POST', headers, body });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}
