/** The image, the manifests and the package. */
import { runTogether } from '../../run-together.ts';

runTogether(['test/{deploy,package}/*.test.ts']);
