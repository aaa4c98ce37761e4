// A browser for the checks of the dashboard; web_browser_test.py starts them with
//   XDPCAP_WEB_URL   the link that xdpcap-web printed   XDPCAP_UI      the folder whose
// node_modules has playwright-core
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { chromium } = createRequire(join(process.env.XDPCAP_UI, 'package.json'))('playwright-core');
const link = new URL(process.env.XDPCAP_WEB_URL); // with the token
export const base = `${link.origin}${link.pathname}`;
export const token = link.searchParams.get('token');
const headers = { authorization: `Bearer ${token}` };
// The JSON that the API answers.
export const api = async (path) => (await fetch(`${base}${path}`, { headers })).json();
export const timeout = 60_000;
export const complaints = []; // of the console; none is wanted

export const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});

export async function open(viewport, colorScheme) {
  const context = await browser.newContext({
    viewport,
    colorScheme,
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(timeout);
  page.on(
    'console',
    (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()),
  );
  page.on('pageerror', (error) => complaints.push(String(error.stack)));
  await page.goto(link.href); // which leaves a cookie
  await page.goto('about:blank');
  page.on('dialog', (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return page;
}
