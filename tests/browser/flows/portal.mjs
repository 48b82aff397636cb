// The public side: every page at both widths, the guide, a request, a check, the cookie choice, and
// leaving quickly. It is another process at another address, so it has a toolbox of its own.
import assert from 'node:assert/strict'
import { launch, toolbox } from '../harness.mjs'

const PASSWORD = 'fourfold demo county'

export default async function (inside) {
  const base = process.env.PORTAL_URL
  assert.ok(base, 'Set PORTAL_URL to where the public side is, or run `make browser`')
  const browser = await launch()
  const tools = toolbox({ browser, base, name: 'portal' })
  try {
    await everyPage(tools)
    await guided(tools)
    await asksForACall(tools)
    await savesAndReturns(tools)
    await checksABusiness(tools)
    await choosesAboutCookies(tools, browser, base)
    await leaves(browser, base)
    tools.finish()
    await arrivesInside(inside)
  } catch (error) {
    await tools.keepEvidence()
    throw error
  } finally {
    await tools.close()
    await browser.close()
  }
}

/** Follows every link of ours from the first page. */
async function everyPage({ base, open, check }) {
  const page = await open('/')
  const waiting = ['/']
  const seen = new Set(waiting)
  while (waiting.length > 0) {
    const path = waiting.shift()
    await page.goto(new URL(path, base).href, { waitUntil: 'load' })
    const name = path === '/' ? 'home' : path.slice(1).replaceAll('/', '-')
    await check(page, `portal-${name}`)
    assert.equal(await page.locator('h1').count(), 1, `${path} has one h1`)
    assert.equal(await page.getByRole('button', { name: 'Exit this page' }).count(), 1, path)
    for (const href of await page.locator('a[href^="/"]').evaluateAll((all) => all.map((a) => a.getAttribute('href')))) {
      // Feeds are for programs: a browser would keep them as files.
      if (seen.has(href) || href.startsWith('/assets/') || href.endsWith('.xml')) continue
      seen.add(href)
      waiting.push(href)
    }
  }
  assert.ok(seen.size > 55, `${seen.size} pages were found`)
  assert.deepEqual(await page.context().cookies(), [], 'no cookie before a choice')
  const stored = await page.evaluate(() => localStorage.length + sessionStorage.length)
  assert.equal(stored, 0, 'nothing stored before a choice')
}

async function guided({ open }) {
  const page = await open('/', { javaScriptEnabled: false })
  await page.getByRole('button', { name: 'Find out what to do' }).click()
  await page.getByRole('link', { name: 'Somebody is threatening me or my family' }).click()
  await page.getByRole('link', { name: 'Share pictures or videos of me' }).click()
  await page.getByRole('heading', { level: 1, name: 'Someone is threatening to share your pictures' }).waitFor()
  await page.getByText('Call 999 if you are in danger now').waitFor()
}

/** Without JavaScript: a fault first, then too fast, then thanks with a reference. */
async function asksForACall({ open, check }) {
  for (const javaScriptEnabled of [false, true]) {
    const page = await open('/help/call-back', { javaScriptEnabled })
    await page.getByRole('button', { name: 'Ask for a call' }).click()
    await page.getByRole('alert').getByRole('link', { name: 'Enter a phone number' }).waitFor()
    await page.getByLabel('Your name').fill('Ann Example')
    await page.getByLabel('Phone number').fill('01632 960 001')
    await page.getByRole('radio', { name: 'Any time' }).check()
    await page.getByRole('group', { name: 'May we leave a message?' }).getByRole('radio', { name: 'No', exact: true }).check()
    await page.getByLabel('Anything else we should know').fill('<script>alert("é")</script>')
    // Typing has moved the page under the button that stays at the top of a small screen.
    await page.evaluate(() => window.scrollTo(0, 0)).catch(() => {})
    if (javaScriptEnabled) await check(page, 'portal-form-with-faults')
    await page.getByRole('button', { name: 'Ask for a call' }).click()
    // Whoever is as fast as a program is asked to wait; a second click after that sends it.
    for (let tries = 0; tries < 5 && (await page.getByText('It is not sent yet').count()) > 0; tries++) {
      assert.equal(await page.getByLabel('Your name').inputValue(), 'Ann Example')
      await page.waitForTimeout(3_000)
      await page.getByRole('button', { name: 'Ask for a call' }).click()
    }
    await page.getByRole('heading', { name: 'We have received it' }).waitFor()
    await page.getByText(/^[A-Z2-9]{4}-[A-Z2-9]{4}$/).waitFor()
    if (javaScriptEnabled) await check(page, 'portal-received')
  }
}

async function savesAndReturns({ open, check }) {
  const page = await open('/help/young-person')
  await page.getByLabel('Your name').fill('Ann Example')
  const save = () =>
    Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Save and come back later' }).click()])
  await save()
  // Whoever is as fast as a program is asked to wait, and keeps what was typed.
  for (let tries = 0; tries < 8 && (await page.getByText('It is not saved yet').count()) > 0; tries++) {
    if (tries === 0) await check(page, 'portal-saved-too-fast')
    assert.equal(await page.getByLabel('Your name').inputValue(), 'Ann Example')
    await page.waitForTimeout(3_000)
    await save()
  }
  await page.getByRole('heading', { level: 1, name: 'Your form is saved' }).waitFor()
  const code = await page.getByText(/^[A-Z2-9]{4}(-[A-Z2-9]{4}){3}$/).innerText()
  await check(page, 'portal-saved')
  await page.getByRole('main').getByRole('link', { name: 'go back to it with your code' }).click()
  await page.getByRole('button', { name: 'Open the form' }).click()
  await page.getByRole('alert').waitFor()
  await check(page, 'portal-return-with-faults')
  await page.getByLabel('Your code').fill(code.toLowerCase())
  await page.getByRole('button', { name: 'Open the form' }).click()
  await page.getByText('This is what you saved. It is not sent yet.').waitFor()
  assert.equal(await page.getByLabel('Your name').inputValue(), 'Ann Example')
  await check(page, 'portal-returned')
}

async function checksABusiness({ open, check }) {
  const page = await open('/business/readiness-check')
  await page.getByRole('button', { name: 'See the result' }).click()
  await page.getByRole('alert').waitFor()
  await check(page, 'portal-check-with-faults')
  const groups = page.getByRole('main').getByRole('group')
  const count = await groups.count()
  for (let n = 0; n < count; n++) await groups.nth(n).getByRole('radio', { name: n === 2 ? 'No' : 'Yes', exact: true }).check()
  await groups.filter({ hasText: 'within 14 days' }).getByRole('radio', { name: 'No', exact: true }).check()
  await page.getByRole('button', { name: 'See the result' }).click()
  await page.getByRole('heading', { level: 1, name: 'Not ready yet' }).waitFor()
  await page.getByText('This alone means that an assessment would fail').waitFor()
  await check(page, 'portal-result')
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save the result (PDF)' }).click(),
  ])
  assert.equal(saved.suggestedFilename(), 'readiness-check.pdf')
  await page.getByRole('button', { name: 'Ask for help with these answers' }).click()
  await page.getByText('Your answers to the check go with this request').waitFor()
  await check(page, 'portal-help-from-check')
}

async function choosesAboutCookies({ open, check }, browser, base) {
  const page = await open('/advice/phishing')
  const banner = page.getByRole('region', { name: /^Cookies on/ })
  await banner.getByRole('button', { name: 'Reject the cookie' }).click()
  await page.getByText('You have rejected the cookie').waitFor()
  await check(page, 'portal-cookies-saved')
  await page.getByRole('link', { name: 'Go back to the page you were on' }).click()
  assert.ok(page.url().endsWith('/advice/phishing'))
  assert.equal(await banner.count(), 0)
  assert.deepEqual((await page.context().cookies()).map(({ name }) => name), ['cookie_choice'])

  // A browser that keeps no cookies: the visitor is told, and everything goes on.
  const context = await browser.newContext()
  await context.route('**/*', async (route) => {
    const { cookie, ...headers } = route.request().headers()
    await route.continue({ headers })
  })
  const forgetful = await context.newPage()
  await forgetful.goto(`${base}/cookies`)
  await context.clearCookies()
  await forgetful.goto(`${base}/cookies?saved=yes&back=/advice`)
  await forgetful.getByText('We could not save your choice').waitFor()
  await context.close()
}

/** The site it leads to is answered here: no test asks another host. */
async function leaves(browser, base) {
  const ways = {
    button: (page) => page.getByRole('button', { name: 'Exit this page' }).click(),
    escape: (page) => page.keyboard.press('Escape'),
    'shift three times': async (page) => {
      for (let n = 0; n < 3; n++) await page.keyboard.press('Shift')
    },
  }
  for (const [name, leave] of Object.entries(ways)) {
    const context = await browser.newContext()
    await context.route(/^https:/, (route) => route.fulfill({ contentType: 'text/html', body: '<h1>Weather</h1>' }))
    const page = await context.newPage()
    await page.goto('about:blank')
    await page.goto(`${base}/advice/romance_fraud`)
    await leave(page)
    await page.getByRole('heading', { name: 'Weather' }).waitFor()
    await page.goBack()
    assert.ok(!page.url().startsWith(base), `${name}: Back does not return, but shows ${page.url()}`)
    await context.close()
  }
  // On a form one press would lose what was typed: Escape stays where it is.
  const context = await browser.newContext()
  await context.route(/^https:/, (route) => route.fulfill({ contentType: 'text/html', body: '<h1>Weather</h1>' }))
  const page = await context.newPage()
  await page.goto(`${base}/help/call-back`)
  await page.keyboard.press('Escape')
  await page.waitForTimeout(300)
  assert.ok(page.url().startsWith(base), 'Escape on a form does nothing')
  await context.close()
  // Without JavaScript it is a link.
  const plain = await browser.newContext({ javaScriptEnabled: false })
  await plain.route(/^https:/, (route) => route.fulfill({ contentType: 'text/html', body: '<h1>Weather</h1>' }))
  const still = await plain.newPage()
  await still.goto(`${base}/advice/romance_fraud`)
  await still.getByRole('button', { name: 'Exit this page' }).click()
  await still.getByRole('heading', { name: 'Weather' }).waitFor()
  await plain.close()
}

/** What was sent is on the internal site a few seconds later, and is closed there. */
async function arrivesInside({ open, signIn, check }) {
  const page = await open()
  await signIn(page, 'marek', PASSWORD)
  const sent = page.getByRole('link', { name: 'Ann Example' }).first()
  for (let tries = 0; tries < 10; tries++) {
    await page.goto(new URL('/public-requests', page.url()).href)
    if ((await sent.count()) > 0) break
    await page.waitForTimeout(2_000)
  }
  await check(page, 'public-requests')
  await sent.click()
  await page.getByText('<script>alert("é")</script>').waitFor()
  await check(page, 'public-request')
  await page.getByRole('radio', { name: 'Spoken to or answered' }).check()
  await page.getByRole('button', { name: 'Close request' }).click()
  await page.getByText('The request is closed').waitFor()
}
