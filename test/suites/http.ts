/** Requests of callers, hooks and custom rules, telemetry, and records of every shape. */
import { runTogether } from '../run-together.ts';

runTogether(['test/{extension,http,telemetry}/*.test.ts', 'test/*.property.test.ts']);
