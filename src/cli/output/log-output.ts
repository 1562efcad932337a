/**
 * Writes log lines to standard output without waiting for it. A full disk or a reader that has stopped costs lines, and
 * neither memory nor the work of the service.
 */
import { write } from 'node:fs';
import { codeOf } from '../../lib/errors.ts';

export interface LogOutput {
  /** @param line with its line break */
  write(line: string): void;
  /** Resolves when every line is written or given up, after `maxMs` at the latest. */
  flush(maxMs: number): Promise<void>;
}

/** Lines that wait to be written; more are left out. */
const maxWaitingLength = 1_000_000;
/** Between attempts to write to a pipe that is full. */
const retryMs = 50;

/** @param fd an open file descriptor */
export function createLogOutput(fd: number): LogOutput {
  let waiting = '';
  let current = Buffer.alloc(0);
  const idleListeners = new Set<() => void>();

  function onWritten(error: Error | null, written: number): void {
    if (error && codeOf(error) === 'EAGAIN') {
      setTimeout(writeCurrent, retryMs).unref();
      return;
    }
    // On a full disk (ENOSPC) or without a reader (EPIPE) these lines are lost; later ones are tried again.
    current = error ? Buffer.alloc(0) : current.subarray(written);
    if (current.length === 0) {
      current = Buffer.from(waiting);
      waiting = '';
    }
    writeCurrent();
  }

  function writeCurrent(): void {
    if (current.length > 0) write(fd, current, onWritten);
    else for (const listener of idleListeners) listener();
  }

  return {
    write(line) {
      if (waiting.length + line.length > maxWaitingLength) return;
      waiting += line;
      if (current.length > 0) return;
      current = Buffer.from(waiting);
      waiting = '';
      writeCurrent();
    },
    async flush(maxMs) {
      if (current.length === 0) return;
      await new Promise<void>((resolve) => {
        idleListeners.add(resolve);
        setTimeout(resolve, maxMs);
      });
    },
  };
}
