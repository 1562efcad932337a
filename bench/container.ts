/** How the service is started where it has 512 MB of memory. */

/** As in the Dockerfile: half of the container's memory is for the heap, by default in a container of 512 MB. */
export const containerFlags = (heapMb = 256) => [`--max-old-space-size=${heapMb}`, '--max-semi-space-size=16'];

/** As in deploy/systemd; the image's C library has one arena and returns what is free in any case. */
export const containerEnvironment = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' };
