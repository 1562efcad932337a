/** Customers, the catalogue and stock, as they arrive in Klaviyo. */
import { runTogether } from '../run-together.ts';

runTogether(['test/mapping/[!o]*.test.ts'], 3);
