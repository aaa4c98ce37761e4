// What a reader does with the dashboard, in a real browser. web_browser_test.py owns the lab and
// starts this with
//   XDPCAP_WEB_URL   the link that xdpcap-web printed   XDPCAP_UI      the folder whose
// node_modules has playwright-core
//   XDPCAP_SHOTS     where pictures of the pages go; none where it is not set
// and says so on standard input when the traffic has ended ("quiet"). One line for each check;
// exit code 1 when one fails.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { api, base, browser, complaints, open, timeout, token } from './web_page.mjs';

const shots = process.env.XDPCAP_SHOTS;
const evilPath = '/shop/<img/src=x/onerror=window.xss=1>';
let failed = 0;

async function check(name, act) {
  try {
    await act();
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error.stack}`);
    if (shots) await page.screenshot({ path: join(shots, `failed-${failed}.png`) });
  }
}

const page = await open({ width: 1280, height: 800 }, 'dark');
const go = (hash) => page.goto(`${base}${hash}`);
const picture = (name, of = page) =>
  shots ? of.screenshot({ path: join(shots, `${name}.png`) }) : undefined;
const texts = (selector) => page.locator(selector).allInnerTexts();
const until = (what, argument) => page.waitForFunction(what, argument, { timeout: timeout });
const rows = '.live-list [role="row"][aria-rowindex]';
const connections = '.connection-list [role="row"][aria-rowindex]';
const tab = (name) => page.click(`[role="tab"][data-tab="${name}"]`);
const panel = () => page.innerText('[role="tabpanel"]');

// The newest exchange whose path holds a text, from the API itself.
async function idOf(path) {
  const asked = new URLSearchParams({ path, limit: '1' });
  for (const end = Date.now() + timeout; Date.now() < end;) {
    const { data } = await api(`api/messages?${asked}`);
    if (data[0]?.status) return data[0].id;
    await new Promise((wake) => setTimeout(wake, 200));
  }
  throw new Error(`no exchange of ${path} came`);
}

async function openExchange(path) {
  await go(`#/live?open=${encodeURIComponent(await idOf(path))}`);
  await page.waitForSelector('.detail [role="tab"]');
}

// Of the chart at `index`: how many pixels were drawn, and how many of them in a colour: axes are
// grey, series are not.
const pixels = (index) =>
  page.evaluate((at) => {
    const canvas = document.querySelectorAll('.chart canvas')[at];
    const copy = document.createElement('canvas');
    [copy.width, copy.height] = [canvas.width, canvas.height];
    const context = copy.getContext('2d', { willReadFrequently: true });
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, copy.width, copy.height);
    const count = { drawn: 0, coloured: 0 };
    for (let i = 0; i < data.length; i += 4) {
      const [red, green, blue, opaque] = data.slice(i, i + 4);
      if (opaque > 0) count.drawn += 1;
      if (opaque > 100 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60)
        count.coloured += 1;
    }
    return count;
  }, index);

await go('');
await check('the live list fills, and the connection is shown', async () => {
  await page.waitForSelector(rows);
  await until((selector) => document.querySelectorAll(selector).length > 10, rows);
  await until(() => /connected\s*1 engine/.test(document.querySelector('.link').textContent));
  await page.waitForTimeout(1000);
  await picture('live');
});

await check('the keyboard moves, opens, closes, pauses, follows, helps', async () => {
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  assert.equal(await page.locator(`${rows}[aria-selected="true"]`).count(), 1);
  await page.keyboard.press('o');
  await page.waitForSelector('.detail');
  assert.match(page.url(), /open=/);
  await page.keyboard.press('Escape');
  await page.waitForSelector('.detail', { state: 'detached' });
  await page.keyboard.press('Enter');
  await page.waitForSelector('.detail');
  await page.keyboard.press('Escape');
  await page.keyboard.press(' ');
  await page.waitForSelector('.paused-line');
  const last = await page.locator(rows).last().innerText();
  await page.waitForTimeout(1500);
  assert.equal(await page.locator(rows).last().innerText(), last, 'a paused list stands still');
  await page.keyboard.press(' ');
  await page.waitForSelector('.paused-line', { state: 'detached' });
  await page.keyboard.press('f');
  await page.waitForSelector('button[aria-pressed="true"]:has-text("Follow")');
  await page.keyboard.press('?');
  await page.waitForSelector('dialog[open]');
  await picture('help');
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog', { state: 'detached' });
  await page.keyboard.press('2');
  await page.waitForSelector('.connection-list');
  await page.keyboard.press('1');
  await page.waitForSelector(rows);
});

await check('the filter picks, lives in the address, and says what is wrong', async () => {
  await page.keyboard.press('/');
  await page.keyboard.type('status:404 path:/shop');
  await page.keyboard.press('Enter');
  await until((selector) => {
    const codes = [...document.querySelectorAll(`${selector} .code`)].map((one) => one.textContent);
    return codes.length > 0 && codes.every((code) => code === '404');
  }, rows);
  assert.equal(new URLSearchParams(page.url().split('?')[1]).get('q'), 'status:404 path:/shop');
  await page.reload();
  await page.waitForSelector(rows);
  assert.equal(await page.inputValue('.filter input'), 'status:404 path:/shop');
  assert.ok((await texts(`${rows} .code`)).every((code) => code === '404'));
  await page.fill('.filter input', 'hots:x');
  assert.match(await page.innerText('.filter-error'), /there is no 'hots:'; did you mean host:/);
  await picture('filter');
  await page.fill('.filter input', '');
  await page.keyboard.press('Enter');
});

await check('an exchange shows its body, headers, timing, TCP, packets and process', async () => {
  await openExchange('/data.json');
  await tab('response');
  assert.match(await panel(), /"teapot": "blue"/);
  await picture('exchange-response');
  await tab('request');
  assert.match(await panel(), /User-Agent/i);
  await tab('timing');
  assert.match(await panel(), /Wait\s+[\d.]+ (µs|ms|s)/);
  await picture('exchange-timing');
  await tab('tcp');
  await until(() => /Retransmits/.test(document.querySelector('[role="tabpanel"]').textContent));
  await picture('exchange-tcp');
  await tab('packets');
  await page.waitForSelector('.rung');
  assert.ok((await texts('.rung-label')).some((text) => /PSH.*len [1-9]/.test(text)));
  await picture('exchange-packets');
  await tab('raw');
  assert.match(await panel(), /GET \/data\.json HTTP\/1\.1/);
  // Of a connection that lasts: of one of a moment the kernel may have named no process.
  await openExchange('/load');
  await tab('process');
  await until(() => /wrk[^]*nginx/.test(document.querySelector('[role="tabpanel"]').textContent));
});

await check('curl can be copied, HAR downloaded, a picture seen', async () => {
  await openExchange('/data.json');
  await page.click('text=Copy as curl');
  await page.waitForSelector('text=copied');
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^curl [^]*data\.json/);
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('text=HAR')]);
  assert.match(download.suggestedFilename(), /\.har$/);
  await openExchange('/logo.png');
  await tab('response');
  await page.waitForSelector('img.picture');
  assert.equal(await page.evaluate(() => document.querySelector('img.picture').naturalWidth), 16);
  await page.click('button:has-text("hex")');
  assert.match(await page.innerText('.hex-row'), /89 50 4e 47/);
});

await check('captured markup is text everywhere and runs nothing', async () => {
  await go(`#/live?q=${encodeURIComponent('path:onerror')}`);
  await until((text) => document.querySelector('.live-list')?.textContent.includes(text), evilPath);
  for (const [path, wanted] of [
    ['onerror', evilPath],
    ['/evil.html', '<img src=x onerror=window.xss=4>'],
    ['/shop/order', '<script>window.xss=3</script>'],
  ]) {
    await openExchange(path);
    let seen = '';
    for (const name of ['request', 'response', 'timing', 'tcp', 'packets', 'process', 'raw']) {
      await tab(name);
      seen += await panel();
    }
    assert.ok(seen.includes(wanted), `${wanted} is not shown`);
    assert.ok(
      path !== 'onerror' || seen.includes('<img src=x onerror=window.xss=2>'),
      'the header is not shown',
    );
  }
  assert.equal(
    await page.evaluate(() => document.querySelectorAll('img, iframe, object').length),
    0,
  );
  assert.equal(await page.evaluate(() => window.xss), undefined);
  await picture('markup');
});

await check(
  'connections are a table, one has graphs, a sequence diagram and a ladder',
  async () => {
    await go('#/connections');
    await page.waitForSelector(connections);
    assert.match(await page.innerText('.connection-list'), /10\.77\.0\.1:\d+[^]*10\.77\.0\.2:80/);
    await picture('connections');
    // By rate: the first is one that goes on.
    await page.click('.connection-row.heading .rate button');
    await page.waitForSelector('.rate[aria-sort="descending"]');
    await page.fill('.filter input', 'state:open');
    await page.keyboard.press('Enter');
    await page.waitForSelector(`${connections}:not(.closed)`);
    await until(() => !document.querySelector('.connection-list .closed'));
    await page.locator(connections).first().click();
    await page.waitForSelector('.chart canvas');
    await until(() => document.querySelectorAll('.chart canvas').length >= 4);
    await page.waitForTimeout(500);
    assert.ok((await pixels(0)).drawn > 500, 'nothing is drawn');
    assert.ok((await pixels(0)).coloured + (await pixels(1)).coloured > 50, 'no series is drawn');
    await picture('connection-course');
    await tab('sequence');
    await page.waitForSelector('.chart canvas');
    await page.waitForTimeout(500);
    assert.ok((await pixels(0)).coloured > 50, 'no sequence is drawn');
    await picture('connection-sequence');
    await tab('ladder');
    await page.waitForSelector('.rung .arrow');
    await picture('connection-ladder');
  },
);

await check('the map shows client and server, and leads on', async () => {
  await go('#/map');
  await page.waitForSelector('.node.process');
  await until(
    () =>
      /nginx/.test(document.querySelector('.graph').textContent) &&
      /wrk|curl/.test(document.querySelector('.graph').textContent),
  );
  await page.waitForSelector('.edge .edge-head', { state: 'attached' });
  await page.waitForTimeout(1500);
  await picture('map');
  // By keyboard: nodes move while others come and go; one that moved under the pointer would show
  // itself.
  await page.mouse.move(1, 400);
  await page.locator('.node.process:not(.quiet)', { hasText: 'wrk' }).first().focus();
  await page.keyboard.press('Enter');
  assert.match(await page.innerText('.map-facts'), /wrk \[\d+\]/);
  await picture('map-facts');
  await page.click('.map-facts >> text=Exchanges');
  await page.waitForSelector(rows);
  assert.match(page.url(), /q=process%3A\d+/);
});

// The cells of rows, and the columns of a page, in the order they are painted: none over another,
// none beyond its place.
const overlaps = (where) =>
  where.evaluate(() => {
    const found = [];
    const shown = (one) => one.getClientRects().length > 0;
    for (const list of document.querySelectorAll('.list')) {
      const end = list.getBoundingClientRect().right;
      for (const row of list.querySelectorAll('[role="row"]')) {
        let before = -Infinity;
        for (const cell of [...row.children].filter(shown)) {
          const { left, right } = cell.getBoundingClientRect();
          if (left < before - 0.5 || right > end + 0.5)
            found.push(
              `${cell.className} ${Math.round(left)}-${Math.round(right)} ` +
                `behind ${Math.round(before)}, list ends at ${Math.round(end)}`,
            );
          before = right;
        }
      }
    }
    const [list, detail] = ['.list', '.detail'].map((selector) =>
      document.querySelector(selector)?.getBoundingClientRect(),
    );
    if (list && detail && list.width > 0 && detail.left < list.right - 0.5)
      found.push('the detail lies over the list');
    if (document.documentElement.scrollWidth > innerWidth) found.push('wider than the window');
    return [...new Set(found)].slice(0, 5);
  });

await check('nothing is painted over another at any usual width', async () => {
  const id = await idOf('/data.json');
  const {
    data: [connection],
  } = await api('api/connections?limit=1');
  const places = [
    '#/live',
    `#/live?open=${encodeURIComponent(id)}`,
    '#/connections',
    `#/connections?open=${encodeURIComponent(connection.id)}`,
    '#/map',
    '#/capture',
  ];
  for (const place of places) {
    await go(place);
    await page.waitForSelector(
      { live: rows, connections, map: '.node', capture: '.flow-column' }[/#\/(\w+)/.exec(place)[1]],
    );
    if (place.includes('open=')) await page.waitForSelector('.detail [role="tab"]');
    for (const width of [940, 1024, 1100, 1280, 1366, 1440, 1536, 1920]) {
      await page.setViewportSize({ width, height: 800 });
      assert.deepEqual(await overlaps(page), [], `${place} at ${width}`);
      if ([1280, 1440].includes(width))
        await picture(`${width}-${place.replaceAll(/\W+/g, '-').slice(1, 22)}`);
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 });
});

await check('badges, labels and inputs can be read in both colours', async () => {
  const weakest = () =>
    page.evaluate(() => {
      const canvas = document
        .createElement('canvas')
        .getContext('2d', { willReadFrequently: true });
      const over = (colours) => {
        canvas.clearRect(0, 0, 1, 1);
        for (const colour of colours) {
          canvas.fillStyle = colour;
          canvas.fillRect(0, 0, 1, 1);
        }
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
      };
      const light = (colour) =>
        colour
          .map((one) => one / 255)
          .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
          .reduce((sum, one, i) => sum + one * [0.2126, 0.7152, 0.0722][i], 0);
      const backs = (one) =>
        one === null ? [] : [...backs(one.parentElement), getComputedStyle(one).backgroundColor];
      const found = [];
      for (const one of document.querySelectorAll(
        '.status:not(.none), .row > span, .more, .health, nav a, .figures span, .chip',
      )) {
        if (one.textContent.trim() === '' || one.getClientRects().length === 0) continue;
        const under = backs(one);
        const [text, back] = [
          light(over([...under, getComputedStyle(one).color])),
          light(over(under)),
        ];
        const contrast = (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
        if (contrast < 4.5)
          found.push(`${one.className} '${one.textContent.slice(0, 20)}' ${contrast.toFixed(2)}`);
      }
      return [...new Set(found)].slice(0, 5);
    });
  const id = await idOf('/data.json');
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const place of [`#/live?open=${encodeURIComponent(id)}`, '#/connections']) {
      await go(place);
      await page.waitForSelector(place.includes('live') ? rows : connections);
      assert.deepEqual(await weakest(), [], `${place} in ${colorScheme}`);
    }
  }
  await page.emulateMedia({ colorScheme: 'dark' });
});

await check(
  'where the reader was is kept: by a reload, by a change of page, by Escape in the filter',
  async () => {
    const id = await idOf('/data.json');
    await go(`#/live?q=status%3A200&open=${encodeURIComponent(id)}`);
    await page.reload();
    await page.waitForSelector('.detail [role="tab"]');
    await page.keyboard.press('2');
    await page.waitForSelector(connections);
    await page.keyboard.press('1');
    await page.waitForSelector('.detail [role="tab"]');
    assert.equal(await page.inputValue('.filter input'), 'status:200');
    await page.keyboard.press('/');
    await page.keyboard.press('Escape');
    assert.equal(
      await page.locator('.detail').count(),
      1,
      'Escape in the filter closes nothing else',
    );
    await page.keyboard.press('Escape');
    await page.waitForSelector('.detail', { state: 'detached' });
    await go('#/map?ports=80');
    await page.waitForSelector('.node');
    await page.fill('.ports', '80,443');
    await until(() => /ports=80%2C443/.test(location.hash));
    await page.evaluate(() => {
      location.hash = '#/map?ports=80';
    });
    await until(() => document.querySelector('.ports').value === '80');
    await go('#/live?q=status%3A');
    await page.reload();
    await until(() => /not understood/.test(document.querySelector('.list').textContent));
  },
);

await check('without a token the dashboard asks for one', async () => {
  const context = await browser.newContext();
  const stranger = await context.newPage();
  for (const place of ['', '#/capture']) {
    await stranger.goto(`${base}${place}`);
    await stranger.waitForSelector('.gate input');
  }
  await stranger.fill('.gate input', token);
  await stranger.keyboard.press('Enter');
  await stranger.waitForSelector('.flow-column');
  await context.close();
});

await check('a stream that is gone is shown, and reconnects', async () => {
  const before = complaints.length;
  await go('');
  await page.route('**/api/messages**', (route) => route.abort());
  await page.reload();
  await page.waitForSelector('.link.down');
  assert.match(await page.innerText('.link'), /disconnected\s+tries again/);
  await page.unroute('**/api/messages**');
  await page.click('text=Reconnect');
  await page.waitForSelector('.link.live');
  // What was refused on purpose is no complaint.
  complaints.splice(
    before,
    complaints.length,
    ...complaints.slice(before).filter((text) => !text.includes('ERR_FAILED')),
  );
});

await check('nothing overflows on a phone, and an exchange takes the whole screen', async () => {
  const id = await idOf('/data.json');
  const phone = await open({ width: 390, height: 780 }, 'light');
  for (const [name, hash, wanted] of [
    ['live', '', rows],
    ['exchange', `#/live?open=${encodeURIComponent(id)}`, '.detail [role="tab"]'],
    ['connections', '#/connections', connections],
    ['map', '#/map', '.node'],
    ['capture', '#/capture', '.flow-column'],
  ]) {
    await phone.goto(`${base}${hash}`);
    await phone.waitForSelector(wanted);
    await phone.waitForTimeout(700);
    assert.ok(
      await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
      `${name} is wider than the screen`,
    );
    if (name === 'exchange')
      assert.equal(await phone.evaluate(() => document.querySelector('.detail').clientWidth), 390);
    await picture(`phone-${name}`, phone);
  }
  await phone.context().close();
});

await check('in light colours everything is there too', async () => {
  await page.emulateMedia({ colorScheme: 'light' });
  for (const hash of ['live', 'connections', 'map', 'capture']) {
    await go(`#/${hash}`);
    await page.waitForTimeout(1500);
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'light');
    await picture(`light-${hash}`);
  }
  await page.emulateMedia({ colorScheme: 'dark' });
});

console.log('be quiet');
await once(process.stdin, 'data');
await check('at rest the ledger closes, and its numbers add up', async () => {
  await go('#/capture');
  await page.waitForSelector('.flow-column');
  await page.waitForSelector('.ledger-verdict.closes');
  const stages = await page.evaluate(() =>
    [...document.querySelectorAll('.stages .stage')].map((stage) => ({
      name: stage.getAttribute('aria-label'),
      numbers: [...stage.querySelectorAll('.sum tr')].map((row) =>
        Number(row.cells[1].textContent.replaceAll(',', '')),
      ),
    })),
  );
  assert.ok(stages.length >= 5, `only ${stages.length} stages`);
  for (const { name, numbers } of stages) {
    const [total, sum] = [numbers[0], numbers.at(-1)];
    const parts = numbers.slice(1, -1).reduce((all, number) => all + number, 0);
    assert.equal(parts, sum, name);
    // What is held, or on its way, at the moment is in neither part.
    if (!/^(Early|Sockets)/.test(name)) assert.equal(total, sum, name);
  }
  assert.ok(stages.some(({ name, numbers }) => name === 'HTTP' && numbers[0] > 0));
  await page.click('summary:has-text("counters")');
  const listed = await page.locator('.all-counters tbody tr').count();
  const { data } = await api('api/stats');
  assert.equal(listed, data.sensors[0].counters.length, 'a counter is hidden');
  // What the engine judges anew, the equations here have to know: all but segments that only change
  // workers, and what is in a ring now.
  const strange = await page.evaluate(() =>
    [...document.querySelectorAll('.all-counters tbody tr')]
      .filter((row) => row.cells[4].textContent === '')
      .map((row) => row.cells[0].textContent)
      .filter(
        (name) =>
          /^(segments|xsk|xdp|tap)_/.test(name) &&
          !/^(segments_handed_(over|in)|xsk_waiting)$/.test(name),
      ),
  );
  assert.deepEqual(strange, [], 'counters that no equation knows');
  await until(() => document.querySelectorAll('.chart canvas').length === 4);
  await page.evaluate(() => document.querySelector('.scroll').scrollTo(0, 0));
  await picture('capture');
});

await check('the console is empty', () => assert.deepEqual(complaints, []));
await browser.close();
process.exit(failed > 0 ? 1 : 0);
