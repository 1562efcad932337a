/** Requests of callers, a merchant's own code, telemetry, and records of every shape. */
import { runTogether } from '../run-together.ts';

runTogether(['test/{extension,http,telemetry}/*.test.ts', 'test/*.property.test.ts']);
