/** What deploy/ and the Dockerfile say, held against the service as it is. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse as parseHcl } from '@cdktf/hcl2json';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { Ingress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Namespace } from 'kubernetes-models/v1/Namespace';
import { Service } from 'kubernetes-models/v1/Service';
import { parse } from 'yaml';
import { z } from 'zod';
import { applications } from '../../scripts/connect/manifest.ts';
import { variables } from '../../src/config/env/environment.ts';
import { freePort } from '../free-port.ts';
import { copyProductionModules } from '../production-modules.ts';

const dockerfile = readFileSync('Dockerfile', 'utf8');

/** Files of the repository that .dockerignore lets through. */
const context = readFileSync('.dockerignore', 'utf8').split('\n');

/** Executes a RUN instruction with the Node of this process. */
function run(command: string, stage: string): void {
  // What npm installs is there in this clone, by the same lock.
  if (command.startsWith('npm ci --ignore-scripts')) symlinkSync(resolve('node_modules'), `${stage}/node_modules`);
  else if (command.startsWith('npm ci --omit=dev')) copyProductionModules(stage);
  else {
    const path = `${dirname(process.execPath)}:${process.env.PATH ?? ''}`;
    execFileSync('sh', ['-c', command], { cwd: stage, env: { ...process.env, PATH: path }, stdio: 'ignore' });
  }
}

/** Executes a COPY instruction. @param from folder of the stage that it names */
function copy(sources: readonly string[], stage: string, from: string | undefined): void {
  for (const source of sources) {
    if (!from) assert.ok(context.includes(`!${source}`), `.dockerignore lets ${source} through`);
    const path = source.replace('/app/', '');
    const filter = (file: string) => from !== undefined || !file.endsWith('.test.ts');
    cpSync(join(from ?? '.', path), join(stage, path), { recursive: true, filter });
  }
}

/** Builds the stages of the Dockerfile as folders. @returns the last one */
function buildImage(folder: string): string {
  const stages = new Map<string, string>();
  let stage = '';
  for (const [, instruction, said = ''] of dockerfile.matchAll(/^(FROM|COPY|RUN) (.+)$/gm)) {
    const words = said.split(' ').filter((word) => !word.startsWith('--'));
    if (instruction === 'RUN') run(said, stage);
    else if (instruction === 'COPY') copy(words.slice(0, -1), stage, stages.get(/--from=(\w+)/.exec(said)?.[1] ?? ''));
    else {
      stage = join(folder, String(stages.size));
      mkdirSync(stage);
      stages.set(words[2] ?? 'last', stage);
    }
  }
  return stage;
}

test('what the image holds starts with nothing else installed, and writes nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ctk-image-'));
  const image = buildImage(folder);
  const before = readdirSync(image, { recursive: true }).length;
  chmodSync(image, 0o555);
  const port = await freePort();
  const [, ...entry] = z.array(z.string()).parse(JSON.parse(/^ENTRYPOINT (.*)$/m.exec(dockerfile)?.[1] ?? '[]'));
  const child = spawn(process.execPath, [...entry, 'serve'], {
    cwd: image,
    env: {
      KLAVIYO_AUTH_KEY: 'pk_1',
      KLAVIYO_API_URL: 'http://127.0.0.1:9',
      CT_PROJECT_ID: 'shop',
      CT_API_CLIENT: '{"clientId":"a","secret":"b"}',
      CT_API_URL: 'http://127.0.0.1:9',
      CT_AUTH_URL: 'http://127.0.0.1:9',
      HOST: '127.0.0.1',
      PORT: String(port),
    },
    stdio: 'ignore',
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let status = 0;
  for (let left = 200; left > 0 && status !== 200; left -= 1) {
    await sleep(100);
    status = await fetch(`http://127.0.0.1:${port}/health`).then(
      (answer) => answer.status,
      () => 0,
    );
  }
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
  assert.equal(status, 200);
  chmodSync(image, 0o755);
  assert.equal(readdirSync(image, { recursive: true }).length, before);
  const bytes = readdirSync(image, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .reduce((sum, one) => sum + statSync(join(one.parentPath, one.name)).size, 0);
  assert.ok(bytes < 120_000_000, `${Math.round(bytes / 1e6)} MB beside the base image`);
  rmSync(folder, { recursive: true });
});

test('the image runs as no root and has a health check', () => {
  assert.match(dockerfile, /^USER node$/m);
  assert.match(dockerfile, /^HEALTHCHECK /m);
  for (const [, base] of dockerfile.matchAll(/^FROM (\S+)/gm)) assert.equal(base, '${'.concat('BASE_IMAGE}'));
  const { devDependencies } = z
    .object({ devDependencies: z.looseObject({ node: z.string() }) })
    .parse(JSON.parse(readFileSync('package.json', 'utf8')));
  // The version that is tested; a digest may follow.
  assert.match(
    dockerfile,
    new RegExp(`^ARG BASE_IMAGE=node:${devDependencies.node}-alpine(@sha256:[0-9a-f]{64})?$`, 'm'),
  );
});

test('wherever node is started, its heap follows the memory limit', () => {
  const flags = ['--max-old-space-size-percentage=50', '--max-semi-space-size=16'];
  const unit = readFileSync('deploy/systemd/commercetools-klaviyo.service', 'utf8');
  for (const start of [/^ENTRYPOINT (.*)$/m.exec(dockerfile)?.[1], /^ExecStart=(.*)$/m.exec(unit)?.[1]])
    for (const flag of flags) assert.ok(start?.includes(flag), `${start}`);
  for (const { start } of Object.values(applications)) for (const flag of flags) assert.ok(start.includes(flag), start);
  // Alpine's malloc, which the image has, does both by itself.
  const malloc = 'MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072';
  assert.ok(unit.includes(`\nEnvironment=${malloc}\n`));
  for (const { start } of Object.values(applications)) assert.ok(start.includes(`${malloc} node `), start);
  // The others start the image as it is.
  for (const file of ['kubernetes/deployment.yaml', 'aws/main.tf', 'google-cloud/main.tf'])
    assert.doesNotMatch(
      readFileSync(`deploy/${file}`, 'utf8'),
      /^(?! +command += \["CMD")\s*(command|args|entryPoint)\b.*[:=]/m,
      file,
    );
});

const probe = z.object({ httpGet: z.object({ path: z.string(), port: z.literal('http') }) });
const deployment = z.object({
  kind: z.literal('Deployment'),
  spec: z.object({
    template: z.object({
      spec: z.object({
        terminationGracePeriodSeconds: z.number(),
        securityContext: z.object({ runAsNonRoot: z.literal(true) }).loose(),
        containers: z.tuple([
          z.object({
            startupProbe: probe,
            livenessProbe: probe,
            readinessProbe: probe,
            ports: z.tuple([z.object({ name: z.literal('http'), containerPort: z.literal(8080) })]),
            securityContext: z.object({
              readOnlyRootFilesystem: z.literal(true),
              allowPrivilegeEscalation: z.literal(false),
              capabilities: z.object({ drop: z.tuple([z.literal('ALL')]) }),
            }),
          }),
        ]),
      }),
    }),
  }),
});

const manifests = readdirSync('deploy/kubernetes').filter((name) => name !== 'kustomization.yaml');
const manifest = (name: string): unknown => parse(readFileSync(`deploy/kubernetes/${name}`, 'utf8'));
/** Validators of the kinds, from the schemas of Kubernetes and of the Prometheus operator. */
const kinds = {
  ConfigMap,
  Deployment,
  Ingress,
  Namespace,
  NetworkPolicy,
  PodDisruptionBudget,
  Service,
  ServiceMonitor,
};
const anyManifest = z.looseObject({
  kind: z.enum(Object.keys(kinds) as (keyof typeof kinds)[]),
  metadata: z.object({ name: z.literal('commercetools-klaviyo') }),
});

test('the Kubernetes manifests are valid, and the Kustomization names each of them', () => {
  for (const name of manifests) {
    const { kind } = anyManifest.parse(manifest(name));
    const Kind = kinds[kind];
    new Kind(Object(manifest(name))).validate();
  }
  const broken = Object(manifest('service.yaml'));
  assert.throws(() => new Service({ ...broken, spec: { ports: 80 } }).validate());
  const kustomization = z.looseObject({ resources: z.array(z.string()) }).parse(manifest('kustomization.yaml'));
  assert.deepEqual(kustomization.resources.toSorted(), manifests.toSorted());
});

test('the Kubernetes manifests use the probes and the port of the service, and wait for its shutdown', () => {
  const { spec } = deployment.parse(manifest('deployment.yaml')).spec.template;
  const [{ startupProbe, livenessProbe, readinessProbe }] = spec.containers;
  assert.deepEqual(
    [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.path),
    ['/health', '/health', '/ready'],
  );
  assert.ok(spec.terminationGracePeriodSeconds > 25 + 5);
});

const networkPolicy = z.object({
  spec: z.object({
    podSelector: z.object({ matchLabels: z.object({ 'app.kubernetes.io/name': z.literal('commercetools-klaviyo') }) }),
    policyTypes: z.tuple([z.literal('Ingress'), z.literal('Egress')]),
    ingress: z.array(z.object({ ports: z.array(z.object({ port: z.literal('http') })) })),
    egress: z.array(z.object({ ports: z.array(z.object({ port: z.number() })).min(1) }).loose()),
  }),
});

test('the network policy lets in the one port, and out DNS, https and Kafka only', () => {
  const { egress, ingress } = networkPolicy.parse(manifest('networkpolicy.yaml')).spec;
  assert.equal(ingress.length, 1);
  assert.deepEqual(
    egress.flatMap(({ ports }) => ports.map(({ port }) => port)),
    [53, 53, 443, 9092],
  );
});

test('wherever capabilities can be dropped they are, and the root file system is read-only', () => {
  const task = readFileSync('deploy/aws/main.tf', 'utf8');
  assert.match(task, /readonlyRootFilesystem = true/);
  assert.match(task, /linuxParameters\s+= \{ capabilities = \{ drop = \["ALL"\] \} \}/);
  const unit = readFileSync('deploy/systemd/commercetools-klaviyo.service', 'utf8');
  for (const line of ['CapabilityBoundingSet=', 'ProtectSystem=strict', 'NoNewPrivileges=yes'])
    assert.match(unit, new RegExp(`^${line}$`, 'm'));
  for (const run of readFileSync('deploy/README.md', 'utf8').matchAll(/^docker run .*$/gm))
    for (const option of ['--read-only', '--cap-drop ALL', '--security-opt no-new-privileges'])
      assert.ok(run[0].includes(option), run[0]);
});

test('every variable that deploy/ names is one that the service knows', () => {
  const known = new Set(variables.map(({ name }) => name));
  const files = [
    'deploy/google-cloud/main.tf',
    'deploy/aws/main.tf',
    'deploy/kubernetes/configmap.yaml',
    'connect.yaml',
  ];
  for (const file of files) {
    const said = readFileSync(file, 'utf8').matchAll(/\b(?:CT_|CTK_|PUSH_|KLAVIYO_|API_TOKEN|SQS_|KAFKA_)[A-Z_]*\b/g);
    for (const [name] of said) assert.ok(known.has(name), `${file}: ${name}`);
  }
});

const hcl = z.looseObject({
  variable: z.record(z.string(), z.array(z.looseObject({ default: z.unknown().optional() }))).optional(),
  output: z.record(z.string(), z.array(z.looseObject({ value: z.string(), description: z.string() }))).optional(),
  resource: z.record(z.string(), z.record(z.string(), z.array(z.looseObject({})))).optional(),
});

async function terraform(text: string) {
  return hcl.parse(await parseHcl('main.tf', text));
}

for (const [cloud, destination] of [
  ['google-cloud', 'topic'],
  ['aws', 'queue'],
] as const)
  test(`Terraform for ${cloud}: parses, has the outputs and health checks, and the variables of the README`, async () => {
    const text = readFileSync(`deploy/${cloud}/main.tf`, 'utf8');
    const { output = {}, variable = {} } = await terraform(text);
    assert.deepEqual(Object.keys(output).toSorted(), [destination, 'url']);
    assert.match(text, /\/health/);
    assert.doesNotMatch(text, /…|\.\.\./);
    const section = readFileSync('deploy/README.md', 'utf8').split(`deploy/${cloud}`)[1] ?? '';
    const example = /```hcl\n([\s\S]*?)```/.exec(section)?.[1] ?? '';
    const given = Object.keys(z.record(z.string(), z.unknown()).parse(await parseHcl('service.tfvars', example)));
    const required = Object.entries(variable).flatMap(([name, [only]]) => (only && 'default' in only ? [] : [name]));
    assert.deepEqual(given.toSorted(), required.toSorted());
  });
