/** What a scrape of the service says, to be asked for by name and labels. */
import assert from 'node:assert/strict';
import { type Exposition, parseExposition } from './exposition.ts';

export interface Scrape extends Exposition {
  text: string;
  /** The only sample of this name with (at least) these labels; undefined where there is none. */
  value(name: string, labels?: Record<string, string>): number | undefined;
  /** Samples of a name, each as its labels' values and the value. */
  all(name: string): (string | number)[][];
}

/** @param token of the API, where one is set */
export async function scrape(service: string, token?: string): Promise<Scrape> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(`${service}/metrics`, { headers });
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  const text = await answer.text();
  const exposition = parseExposition(text);
  return {
    ...exposition,
    text,
    value(name, labels = {}) {
      const fit = exposition.samples.filter(
        (one) => one.name === name && Object.entries(labels).every(([label, said]) => one.labels[label] === said),
      );
      assert.ok(fit.length < 2, `${name} is meant once`);
      return fit[0]?.value;
    },
    all: (name) =>
      exposition.samples
        .filter((one) => one.name === name)
        .map(({ labels, value }) => [...Object.values(labels), value])
        .sort(),
  };
}
