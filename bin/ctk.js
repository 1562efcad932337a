#!/usr/bin/env node
// Starts ctk from a clone (src/) or an installed package (dist/). Plain JavaScript that every Node reads, so that an older
// one gets a sentence instead of a syntax error.
import { existsSync } from 'node:fs';

const requiredMajor = 24;
const [major] = process.versions.node.split('.').map(Number);
if (major < requiredMajor) {
  process.stderr.write(
    `ctk needs Node ${requiredMajor} or later, and this is ${process.version}. In a clone: npm ci, then npm run ctk or npm start, which bring their own Node; elsewhere install it from https://nodejs.org\n`,
  );
  process.exit(1);
}
const source = new URL('../src/main.ts', import.meta.url);
await import(existsSync(source) ? source.href : new URL('../dist/main.js', import.meta.url).href);
