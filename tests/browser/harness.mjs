// What every browser test uses: a real Chromium, pages that are watched for faults, and checks that
// hold for any page. It starts no server: BASE_URL says where the service is.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

/** Widths every page must fit: a desk and a phone, in CSS pixels. */
export const WIDTHS = [1440, 390]
export const OUT = path.join(path.dirname(fileURLToPath(import.meta.url)), 'out')

const HEIGHT = 1000
const TIMEOUT_MS = 15_000
/** How often a page is asked whether it is laid out, and how long it is left between. */
const SETTLES = 20
const SETTLE_MS = 50
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Starts Chromium: the one CHROMIUM names, else the system's. */
export async function launch() {
  const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser']
    .filter(Boolean)
    .find((file) => existsSync(file))
  assert.ok(executablePath, 'No Chromium found: run scripts/install-needs, or set CHROMIUM')
  return chromium.launch({
    executablePath,
    args: [
      // Chromium's sandbox refuses to run as root, which is who runs tests in a container.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      // A page that asks for another host is a fault we record; here it also gets no answer.
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
    ],
  })
}

/**
 * What a flow is handed. Every page opened here is watched until `finish`, which fails when any of
 * them logged an error, threw, got a 5xx, or asked for anything outside `base`.
 */
export function toolbox({ browser, base, name = 'flow', out = OUT }) {
  const origin = new URL(base).origin
  const contexts = []
  const faults = []

  /** A page in a session of its own, or in that of `beside`. `options` go to the browser context. */
  async function open(address, { beside, width = WIDTHS[0], ...options } = {}) {
    const context = beside?.context() ?? (await newContext(width, options))
    const page = await context.newPage()
    if (address !== undefined) await page.goto(new URL(address, base).href, { waitUntil: 'load' })
    return page
  }

  async function newContext(width, options) {
    const context = await browser.newContext({ viewport: { width, height: HEIGHT }, ...options })
    context.setDefaultTimeout(TIMEOUT_MS)
    contexts.push(context)
    watch(context, origin, faults)
    return context
  }

  /**
   * Checks the page as it stands at each width: axe, no sideways scrolling, no fault so far. Keeps a
   * screenshot as `NAME-WIDTH.png` when `shot` is given.
   */
  async function check(page, shot, widths = WIDTHS) {
    const before = page.viewportSize()
    const wrong = []
    for (const width of widths) {
      await page.setViewportSize({ width, height: HEIGHT })
      const where = `${new URL(page.url()).pathname} at ${width} px`
      for (const violation of await axe(page)) wrong.push(`${where}: ${describe(violation)}`)
      const excess = await overflow(page)
      if (excess > 0) wrong.push(`${where}: ${excess} px wider than the screen`)
      if (shot) await screenshot(page, `${shot}-${width}`)
    }
    await page.setViewportSize(before)
    wrong.push(...faults)
    assert.equal(wrong.length, 0, `\n${wrong.join('\n')}`)
  }

  async function screenshot(page, shot) {
    await mkdir(out, { recursive: true })
    await page.screenshot({ path: path.join(out, `${shot}.png`), fullPage: true })
  }

  /** Signs in on the form at /sign-in, found by its labels as a person finds it. */
  async function signIn(page, user, password) {
    await page.goto(new URL('/sign-in', base).href, { waitUntil: 'load' })
    await page.getByLabel(/^(user ?name|email( address)?)$/i).fill(user)
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL((address) => address.pathname !== '/sign-in')
  }

  /** Fails for what went wrong on any page since the start, even if the flow never looked. */
  function finish() {
    assert.equal(faults.length, 0, `\n${faults.join('\n')}`)
  }

  /** Keeps a picture of every open page: what the flow saw when it failed. */
  async function keepEvidence() {
    const pages = contexts.flatMap((context) => context.pages())
    for (const [n, page] of pages.entries()) await screenshot(page, `failed-${name}-${n}`).catch(() => {})
  }

  async function close() {
    for (const context of contexts) await context.close()
  }

  return { base, open, signIn, check, axe, overflow, screenshot, faults, finish, keepEvidence, close }
}

/** Clicks what leads to another page, and waits until that page is there whole. */
export async function follow(page, link) {
  const there = page.waitForEvent('load')
  await link.click()
  await there
}

/** The violations axe-core finds. Run through the debugger, so that the page's CSP stays on. */
export async function axe(page) {
  const session = await page.context().newCDPSession(page)
  try {
    await evaluate(session, AXE)
    return await evaluate(
      session,
      `axe.run(document, { runOnly: ${JSON.stringify(RULES)}, resultTypes: ['violations'] })
        .then(({ violations }) => violations.map(({ id, help, nodes }) =>
          ({ id, help, nodes: nodes.map(({ target, failureSummary }) => ({ target, failureSummary })) })))`,
    )
  } finally {
    await session.detach()
  }
}

async function evaluate(session, expression) {
  const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
    expression,
    awaitPromise: true,
    returnByValue: true,
  })
  if (exceptionDetails) throw new Error(`in the page: ${exceptionDetails.exception?.description}`)
  return result.value
}

function describe({ id, help, nodes }) {
  const places = nodes.slice(0, 5).map(({ target }) => target.join(' '))
  const more = nodes.length > 5 ? ` and ${nodes.length - 5} more` : ''
  return `${id}: ${help}: ${places.join(' | ')}${more}`
}

/**
 * How many pixels the page is wider than the screen; axe does not see this. Asked from outside until
 * the page has its new width and its fonts: where script is off, no frame or timer calls back.
 */
export async function overflow(page) {
  const { width } = page.viewportSize()
  let seen
  for (let asked = 0; asked < SETTLES; asked++) {
    seen = await page.evaluate(() => ({
      laidOut: window.innerWidth,
      fonts: document.fonts.status,
      excess: Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth),
    }))
    if (seen.laidOut === width && seen.fonts === 'loaded' && seen.excess === 0) return 0
    await setTimeout(SETTLE_MS)
  }
  assert.equal(seen.laidOut, width, 'the page did not take its new width')
  return seen.excess
}

function watch(context, origin, faults) {
  // A refused form is a 4xx page that says what is wrong: the browser logs it, and that is no fault.
  const refused = new Set()
  const outside = (address) => {
    const { protocol, origin: asked } = new URL(address)
    if (['data:', 'blob:', 'about:'].includes(protocol)) return
    if (asked.replace(/^ws/, 'http') !== origin) faults.push(`request to another host: ${address}`)
  }
  context.on('request', (request) => outside(request.url()))
  context.on('response', (response) => {
    const status = response.status()
    if (status >= 500) faults.push(`${status} from ${response.url()}`)
    if (status >= 400 && status < 500 && response.request().isNavigationRequest()) {
      refused.add(response.url())
    }
  })
  context.on('console', (message) => {
    if (message.type() !== 'error') return
    const { url } = message.location()
    if (/^Failed to load resource.* 4\d\d /.test(message.text()) && refused.has(url)) return
    faults.push(`console: ${message.text()} (${url})`)
  })
  context.on('weberror', (error) => faults.push(`script: ${error.error().message}`))
  context.on('page', (page) => page.on('websocket', (socket) => outside(socket.url())))
}
