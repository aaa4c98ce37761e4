// A tab of the dashboard that stays open while much passes: its memory, every ten seconds, until
// standard input ends. web_browser_test.py starts this, as web_page.mjs says. Exit code 1 when a
// figure is above the bound.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { base, browser, complaints, open } from './web_page.mjs';

const mostKib = 400 * 1024;
const every = 10_000;
const views = ['live', 'live', 'connections', 'map', 'capture'];

const page = await open({ width: 1280, height: 800 }, 'dark');
const session = await browser.newBrowserCDPSession();

// A whole process, what it shares with others included; 0 when it has ended (browsers keep spare
// ones).
function sizeKib(pid) {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

async function tabKib() {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  return Math.max(
    ...processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => sizeKib(id)),
  );
}

let ended = false;
void once(process.stdin.resume(), 'end').then(() => {
  ended = true;
});
let [most, figures] = [0, ''];
for (let round = 0; !ended; round += 1) {
  const view = views[round % views.length];
  await page.goto(`${base}#/${view}`);
  if (round === 0) await page.selectOption('.rate select', '5000'); // the most there is
  for (const until = Date.now() + every; !ended && Date.now() < until;)
    await page.waitForTimeout(200);
  if (view === 'live') figures = (await page.innerText('.figures')).replaceAll('\n', ', ');
  const now = await tabKib();
  most = Math.max(most, now);
  console.log(`        tab ${(now / 1024).toFixed(0)} MB on ${view}`);
}
console.log(`        tab ${(most / 1024).toFixed(0)} MB at most; live: ${figures}`);
await browser.close();
assert.match(figures, /^10,000 rows.*dropped from view/, 'more passed than a view keeps');
assert.ok(most > 0 && most < mostKib, `${most} KiB`);
assert.deepEqual(complaints, []);
