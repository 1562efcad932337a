/** Preloaded into a process of a test: holds as many megabytes of its heap as the test says. */
const held = [];
process.on('message', ({ holdMb }) => {
  held.splice(holdMb);
  // Numbers that are no small integers: each takes eight bytes of the array.
  while (held.length < holdMb) held.push(new Array(131_072).fill(0.5));
  process.send?.({ held: held.length });
});
// The service ends although the channel is open.
process.channel?.unref();
