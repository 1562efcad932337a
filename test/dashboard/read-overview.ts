/** Reads the overview that a dashboard shows, without a browser. */
import assert from 'node:assert/strict';

/** @returns the first overview of the stream that dashboards read */
export async function readOverview(service: string): Promise<unknown> {
  const { body } = await fetch(`${service}/dashboard/stream`);
  assert.ok(body);
  let text = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const [, json] = /^event: overview\ndata: (.*)\n\n/m.exec(text) ?? [];
    if (json !== undefined) return JSON.parse(json);
  }
  return assert.fail('the stream ended without an overview');
}
