/** Reports resource usage to the parent process: CPU seconds since the message `begin`, and peak memory. */
export function reportUsage(): void {
  let began = process.cpuUsage();
  process.on('message', (message) => {
    if (message === 'begin') {
      began = process.cpuUsage();
      process.send?.({ begun: true });
    }
    if (message === 'usage') {
      const { user, system } = process.cpuUsage(began);
      process.send?.({ cpuSeconds: (user + system) / 1e6, peakBytes: process.resourceUsage().maxRSS * 1_024 });
    }
  });
}
