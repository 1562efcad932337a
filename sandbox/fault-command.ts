/** `ctk sandbox fault`: starts, ends and lists the named faults of the running mock Klaviyo. */
import { z } from 'zod';

const listed = z.array(z.object({ name: z.string(), title: z.string(), active: z.boolean() }));

/** @returns the faults with their state, as lines. @throws Error for an unknown name, or if the sandbox does not answer */
export async function switchFault(klaviyoUrl: string, name: string | undefined, end: boolean): Promise<string[]> {
  const at = `${klaviyoUrl}/sandbox/named-faults`;
  const ask = (url: string, method: string) =>
    fetch(url, { method }).catch(() => {
      throw new Error(`the sandbox at ${klaviyoUrl} does not answer`);
    });
  if (name !== undefined) {
    const response = await ask(`${at}/${encodeURIComponent(name)}`, end ? 'DELETE' : 'PUT');
    if (!response.ok) throw new Error(z.object({ message: z.string() }).parse(await response.json()).message);
  }
  const faults = listed.parse(await (await ask(at, 'GET')).json());
  return faults.map(({ name, title, active }) => `${active ? 'on ' : 'off'} ${name.padEnd(18)} ${title}`);
}
