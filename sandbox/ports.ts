/** The sandbox's usual ports, so that its addresses stay the same from day to day. */

export const usualPorts = { dashboard: 4080, klaviyo: 4081, commercetools: 4082 };

/** Of Node, and of the service. */
const takenMessage = /EADDRINUSE|is taken by another process/;

/** Starts on the port, or on a free one if another process listens there. */
export async function startOnPort<Started>(port: number, start: (port: number) => Promise<Started>): Promise<Started> {
  try {
    return await start(port);
  } catch (thrown) {
    if (port === 0 || !(thrown instanceof Error && takenMessage.test(thrown.message))) throw thrown;
    return start(0);
  }
}
