/** Loaded into a process of the service before it starts: whoever started it may put its clock wrong while it runs. */
const RealDate = Date;
let offMs = 0;

class OffDate extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + offMs);
    else super(...given);
  }
  static now() {
    return RealDate.now() + offMs;
  }
}
globalThis.Date = OffDate;

process.on('message', ({ byMs }) => {
  offMs += byMs;
});
// Nobody is left to end it.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.channel?.unref();
