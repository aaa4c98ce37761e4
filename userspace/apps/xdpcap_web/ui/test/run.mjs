// Runs the unit tests: esbuild makes JavaScript of each *.test.ts (Node 18 reads no TypeScript),
// `node --test` runs them.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const room = mkdtempSync(join(tmpdir(), 'xdpcap-ui-test-'));
try {
  const tests = readdirSync(here, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readdirSync(join(here, name)).map((file) => join(name, file)))
    .filter((name) => /\.test\.tsx?$/.test(name));
  if (tests.length === 0) throw new Error('there are no tests');
  await build({
    entryPoints: tests.map((name) => join(here, name)),
    bundle: true,
    platform: 'node',
    format: 'esm',
    outbase: here,
    outdir: room,
    outExtension: { '.js': '.mjs' },
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  const files = tests.map((name) => join(room, name.replace(/tsx?$/, 'mjs')));
  process.exitCode =
    spawnSync(process.execPath, ['--test', ...files], { stdio: 'inherit' }).status ?? 1;
} finally {
  rmSync(room, { recursive: true });
}
