// Runs the tests: esbuild makes JavaScript of each *.test.ts and *.test.tsx (Node 18 reads no
// TypeScript), `node --test` runs them. Those of components draw into jsdom (dom/index.ts).
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
// Here, so that the tests find jsdom.
const room = mkdtempSync(join(here, '../node_modules/.xdpcap-ui-test-'));
try {
  const tests = readdirSync(here, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readdirSync(join(here, name)).map((file) => join(name, file)))
    .filter((name) => /\.test\.tsx?$/.test(name));
  if (tests.length === 0) throw new Error('there are no tests');
  await build({
    entryPoints: tests.map((name) => join(here, name)),
    bundle: true,
    external: ['jsdom'],
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"development"' },
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
