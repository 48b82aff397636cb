// The front-end sources at work: the specimens show each kind of page with the built assets.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { after, test } from 'node:test'
import { launch, toolbox } from '../harness.mjs'
import { specimen, startSite } from './site.mjs'

const SPECIMENS = readdirSync(new URL('specimens', import.meta.url)).map((file) => file.replace('.html', ''))
const REFLOW = 320

let posted = []
let polls = 0
const queue = await specimen('queue')
const banner = `<div class="govuk-notification-banner" role="region" aria-labelledby="said"
  data-module="govuk-notification-banner"><div class="govuk-notification-banner__header">
  <h2 class="govuk-notification-banner__title" id="said">Done</h2></div>
  <div class="govuk-notification-banner__content">
  <p class="govuk-notification-banner__heading">You took CY-26-01491. Undo</p></div></div>`

const site = await startSite({
  '/queue': (request, body, frame) => {
    if (request.method !== 'POST') return { body: frame(queue) }
    posted.push([...new URLSearchParams(body)].map((pair) => pair.join('=')).sort().join('&'))
    const taken = new URLSearchParams(body).getAll('report')
    const row = (reference) => new RegExp(`<tr [^>]*data-row="${reference}"[^]*?</tr>`)
    const left = taken.reduce((page, reference) => page.replace(row(reference), ''), queue)
    return { body: frame(banner + left) }
  },
  '/sign-in': async (request, body, frame) => {
    const right = body === 'user=priya.okafor&password=correct+horse'
    if (right) return { status: 303, headers: { Location: '/record' } }
    return { status: request.method === 'POST' ? 422 : 200, body: frame(await specimen('sign-in')) }
  },
  '/quiet': (request, body, frame) => ({ body: frame(queue, 'data-shortcuts="off"') }),
  '/record': async (request, body, frame) => ({ body: frame(await specimen('record')) }),
  '/progress': () => {
    polls += 1
    const done = polls >= 3
    return {
      headers: done ? { 'X-Done': '1' } : {},
      body: `<p class="govuk-body">${done ? '212 rows imported.' : `${polls} of 3 parts`}</p>
        <progress class="ff-progress" aria-label="Rows read" max="3" value="${polls}"></progress>`,
    }
  },
  '/gone': '<h1>Gone</h1><div data-poll="/nothing-here"><p>Waiting</p></div>',
  '/foreign': '<h1>Foreign</h1><div data-poll="http://outside.example/x"><p>Waiting</p></div>',
  '/ended': '<h1>Ended</h1><div data-poll="/signed-out"><p>Waiting</p></div>',
  '/signed-out': () => {
    polls += 1
    return { status: 303, headers: { Location: '/sign-in' } }
  },
  '/before': '<h1>Before</h1><a href="/advice">Advice</a>',
  '/elsewhere': '<h1>Elsewhere</h1>',
})
const browser = await launch()
after(async () => {
  await browser.close()
  await site.stop()
})

function walk(name, address, steps, options) {
  test(name, { timeout: 60_000 }, async () => {
    posted = []
    polls = 0
    const tools = toolbox({ browser, base: site.base })
    try {
      const page = await tools.open(address, options)
      await steps(page, tools)
      tools.finish()
    } finally {
      await tools.close()
    }
  })
}

const focused = (page) => page.evaluate(() => document.activeElement.closest('.ff-row')?.dataset.row)
const status = (page) => page.locator('#selcount').textContent()

for (const name of SPECIMENS) {
  walk(`${name}: no violation, no overflow, also at ${REFLOW} px`, `/${name}`, async (page, { check }) => {
    await check(page, `specimen-${name}`)
    await check(page, undefined, [REFLOW])
  })
}

walk('the open list of shortcuts passes the same checks', '/queue', async (page, { check }) => {
  await page.keyboard.press('?')
  assert.ok(await page.locator('dialog#shortcuts').isVisible())
  await check(page, 'specimen-shortcuts')
  await page.keyboard.press('j')
  assert.equal(await focused(page), undefined, 'keys rest while the list is open')
  await page.keyboard.press('Escape')
  assert.ok(await page.locator('dialog#shortcuts').isHidden())
})

walk('J and K move real focus and stop at the ends', '/queue', async (page) => {
  await page.keyboard.press('j')
  assert.equal(await focused(page), 'CY-26-01482')
  await page.keyboard.press('j')
  assert.equal(await focused(page), 'CY-26-01491')
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'A')
  for (let n = 0; n < 9; n += 1) await page.keyboard.press('k')
  assert.equal(await focused(page), 'CY-26-01482')
  assert.equal(await page.locator('.ff-row[data-selected]').count(), 1)
})

walk('X selects and the count is said', '/queue', async (page) => {
  assert.equal(await status(page), 'No reports selected')
  await page.keyboard.press('j')
  await page.keyboard.press('x')
  assert.equal(await status(page), '1 report selected')
  await page.keyboard.press('j')
  await page.keyboard.press('x')
  assert.equal(await status(page), '2 reports selected')
  await page.keyboard.press('x')
  assert.equal(await status(page), '1 report selected')
})

walk('T takes the focused row alone, then goes on with the next', '/queue', async (page) => {
  await page.locator('#s0').check()
  await page.locator('[data-row="CY-26-01491"] a').first().focus()
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('t')])
  assert.deepEqual(posted, ['do=take&report=CY-26-01491'])
  assert.equal(await focused(page), 'CY-26-01493')
  assert.equal(await status(page), 'You took CY-26-01491. Undo')
})

walk('T without a focused row does nothing', '/queue', async (page) => {
  await page.keyboard.press('t')
  await page.waitForTimeout(300)
  assert.deepEqual(posted, [])
})

walk('Enter opens the row, also from its checkbox', '/queue', async (page) => {
  await page.locator('#s1').focus()
  await Promise.all([page.waitForURL('**/report?CY-26-01491'), page.keyboard.press('Enter')])
  assert.deepEqual(posted, [])
})

walk('slash goes to search, where letters are letters', '/queue', async (page) => {
  await page.keyboard.press('/')
  assert.equal(await page.evaluate(() => document.activeElement.id), 'find')
  await page.keyboard.type('jxt?')
  assert.equal(await page.locator('#find').inputValue(), 'jxt?')
  assert.deepEqual(posted, [])
  assert.ok(await page.locator('dialog#shortcuts').isHidden())
})

walk('a key with a modifier stays the browser’s', '/queue', async (page) => {
  await page.keyboard.press('Control+j')
  assert.equal(await focused(page), undefined)
})

walk('a person can turn the keys off', '/quiet', async (page) => {
  for (const key of ['j', 'x', 't', '?', '/']) await page.keyboard.press(key)
  assert.equal(await focused(page), undefined)
  assert.deepEqual(posted, [])
  assert.ok(await page.locator('dialog#shortcuts').isHidden())
  // The button stays: the list of keys is where they are turned on again.
  assert.ok(await page.locator('button[data-shortcuts]').isVisible())
  await page.locator('#s0').check()
  assert.equal(await status(page), '1 report selected')
})

walk('progress is shown until it is done, and asked for no longer', '/upload', async (page, { check }) => {
  const shown = page.locator('[data-poll]')
  await page.waitForFunction(() => document.querySelector('[data-poll]').ariaBusy === 'true')
  await shown.getByText('1 of 3 parts').waitFor()
  assert.equal(await shown.getAttribute('aria-busy'), 'true')
  await shown.getByText('212 rows imported.').waitFor()
  assert.equal(await shown.getAttribute('aria-busy'), 'false')
  await check(page, 'specimen-progress')
  await page.waitForTimeout(1500)
  assert.equal(polls, 3)
})

test('progress that cannot be had says so and stops', async () => {
  const tools = toolbox({ browser, base: site.base })
  const page = await tools.open('/gone')
  await page.getByText('Progress cannot be shown (404)').waitFor()
  await tools.close()
})

walk('a fragment from another host is never asked for', '/foreign', async (page) => {
  await page.waitForTimeout(1500)
  assert.equal(await page.locator('[data-poll]').getAttribute('aria-busy'), null)
})

walk('when the session has ended the whole page is asked for again', '/ended', async (page) => {
  await page.waitForEvent('load')
  assert.equal(await page.locator('[data-poll]').textContent(), 'Waiting')
  assert.ok(polls >= 1)
})

for (const [how, leave] of [
  ['Escape', (page) => page.keyboard.press('Escape')],
  ['three times Shift', async (page) => {
    for (let n = 0; n < 3; n += 1) await page.keyboard.press('Shift')
  }],
  ['the button', (page) => page.getByRole('button', { name: /Exit this page/ }).click()],
]) {
  walk(`${how} leaves, and Back does not return`, '/before', async (page) => {
    await page.getByRole('link', { name: 'Advice' }).click()
    await page.waitForURL('**/advice')
    await page.waitForLoadState('load')
    await leave(page)
    await page.waitForURL('**/elsewhere')
    await page.goBack()
    assert.equal(new URL(page.url()).pathname, '/before')
  })
}

walk('on a phone the filters start folded, and open', '/queue', async (page, { check }) => {
  assert.ok(await page.getByLabel('Search reports', { exact: true }).isHidden())
  await check(page, 'specimen-queue-folded', [390])
  await page.getByText('Filters', { exact: true }).click()
  assert.ok(await page.getByLabel('Search reports', { exact: true }).isVisible())
}, { width: 390 })

walk('without JavaScript the queue still works', '/queue', async (page) => {
  assert.ok(await page.getByRole('button', { name: 'Keyboard shortcuts' }).isHidden())
  await page.locator('label[for=s2]').click()
  await page.getByRole('button', { name: 'Take' }).click()
  assert.deepEqual(posted, ['do=take&report=CY-26-01493'])
}, { javaScriptEnabled: false })

walk('signIn signs in, and fails when it is refused', undefined, async (page, { signIn }) => {
  page.setDefaultTimeout(2000)
  await assert.rejects(signIn(page, 'priya.okafor', 'wrong'), /Timeout/)
  await signIn(page, 'priya.okafor', 'correct horse')
  assert.equal(new URL(page.url()).pathname, '/record')
})

walk('on paper the controls go and the marking stays', '/record', async (page) => {
  await page.emulateMedia({ media: 'print' })
  assert.ok(await page.locator('.ff-marking').isVisible())
  for (const gone of ['.govuk-service-navigation', '.ff-title__actions', '.ff-inline-form', '.govuk-breadcrumbs']) {
    assert.ok(await page.locator(gone).first().isHidden(), gone)
  }
})
