// Proves that the harness sees what it is for: each test plants one fault and expects it named.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { WIDTHS, launch, toolbox } from '../harness.mjs'
import { startSite } from './site.mjs'

const html = (head, main) =>
  `<!DOCTYPE html><html lang="en"><head><title>Planted</title>${head}</head><body><main><h1>Planted</h1>${main}</main></body></html>`
const bare = (main, headers = { 'Content-Security-Policy': '' }, status = 200) => () => ({
  status,
  headers,
  body: html('<link rel="icon" href="data:,">', main),
})

const site = await startSite({
  '/fine': bare('<p>Nothing wrong here.</p>', {}),
  '/no-alt': bare('<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'),
  '/faint': bare('<link rel="stylesheet" href="/faint.css"><p class="faint">Faint</p>', {}),
  '/faint.css': () => ({ headers: { 'Content-Type': 'text/css' }, body: '.faint{color:#ccc;background:#fff}' }),
  '/outside': bare('<img alt="" src="http://outside.example/pixel.png">'),
  '/outside-socket': bare('<script>new WebSocket("ws://outside.example/")</script>'),
  '/wide': bare('<div style="width:900px">Wide</div>'),
  '/inline-script': bare('<script>window.ran = true</script>', {}),
  '/throws': bare('<script>throw new Error("planted")</script>'),
  '/refused': bare('<p>Enter a date.</p>', {}, 422),
  '/broken': bare('<p>Sorry.</p>', {}, 500),
})
const browser = await launch()
after(async () => {
  await browser.close()
  await site.stop()
})

async function visit(address, use, options) {
  const tools = toolbox({ browser, base: site.base })
  try {
    const page = await tools.open(address, options)
    await use(tools, page)
  } finally {
    await tools.close()
  }
}

const refusedBy = (address, pattern) =>
  visit(address, async ({ check }, page) => {
    await page.waitForTimeout(300)
    await assert.rejects(check(page), pattern)
  })

test('a page with nothing wrong passes', () => visit('/fine', ({ check }, page) => check(page)))

test('an image without a text alternative is found', () => refusedBy('/no-alt', /image-alt/))

test('faint text is found with the content security policy on', () => refusedBy('/faint', /color-contrast/))

test('a request to another host is caught', () =>
  refusedBy('/outside', /another host: http:\/\/outside\.example\/pixel\.png/))

test('a socket to another host is caught', () => refusedBy('/outside-socket', /another host: ws:\/\/outside/))

test('a page wider than a phone is caught, and named as that', () =>
  refusedBy('/wide', /wide at 390 px: \d+ px wider/))

test('width is measured without script too', () =>
  visit('/wide', async ({ overflow }, page) => assert.ok((await overflow(page)) > 0), {
    javaScriptEnabled: false,
    width: WIDTHS[1],
  }))

test('a script the policy blocks is caught', async () => {
  await refusedBy('/inline-script', /console: .*Content Security Policy/)
  await visit('/inline-script', async (tools, page) => {
    assert.equal(await page.evaluate(() => window.ran), undefined)
  })
})

test('an exception in a script is caught', () => refusedBy('/throws', /script: planted/))

test('a refused form is no fault', () => visit('/refused', ({ check }, page) => check(page)))

test('an error of the server is caught', () => refusedBy('/broken', /500 from/))

test('a fault the flow never looked at still fails it', () =>
  visit('/outside', async ({ finish }, page) => {
    await page.waitForTimeout(300)
    assert.throws(finish, /another host/)
  }))
