/** Preloaded into a process that is measured: counts the modules that it loads, and reports on `footprint`. */
import { registerHooks } from 'node:module';

const urls = new Set<string>();
registerHooks({
  load(url, context, next) {
    urls.add(url);
    return next(url, context);
  },
});
process.on('message', (message) => {
  if (message !== 'footprint') return;
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuSeconds: (user + system) / 1e6, rssBytes: process.memoryUsage.rss(), modules: urls.size });
});
