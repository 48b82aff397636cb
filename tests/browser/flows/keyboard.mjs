// Work without a mouse: the keys of the lists, the list of keys, the skip link, and what folds away
// on a phone. Every key has a visible control, and none acts while somebody is typing.
import assert from 'node:assert/strict'

const PASSWORD = 'fourfold demo county'
const KEYS = { 'Next report': 'J', 'Previous report': 'K', 'Open report': 'Enter', 'Select report': 'X', 'Take report': 'T', Search: '/', 'Show this list': '?' }

export default async function ({ open, signIn, check }) {
  const hallam = await open()
  await signIn(hallam, 'hallam', PASSWORD)
  await skipLink(hallam)
  await moveAndSelect(hallam)
  await typing(hallam)
  await listOfKeys(hallam, check)
  await openByEnter(hallam)
  await takeByKey(hallam)
  await onAPhone(hallam)

  const marek = await open()
  await signIn(marek, 'marek', PASSWORD)
  await callList(marek)
  await emptyList(hallam)
  await turnOff(hallam)
}

async function skipLink(page) {
  await inbox(page)
  await page.keyboard.press('Tab')
  assert.equal(await focused(page).innerText(), 'Skip to main content')
  await page.keyboard.press('Enter')
  assert.equal(await focused(page).getAttribute('id'), 'main-content')
  await page.keyboard.press('Tab')
  assert.ok(await page.getByRole('main').locator(':focus').count(), 'after the skip link, Tab goes on in the page')
}

async function moveAndSelect(page) {
  await inbox(page)
  const titles = await rows(page).getByRole('rowheader').getByRole('link').filter({ hasNotText: /^Triage/ }).allInnerTexts()
  assert.ok(titles.length > 2, 'too few reports to move among')
  for (const [key, at] of [['j', 0], ['j', 1], ['J', 2], ['k', 1], ['k', 0], ['k', 0]]) {
    await page.keyboard.press(key)
    assert.equal(await position(page), at, `after ${key}`)
    assert.equal(await focused(page).innerText(), titles[at], `after ${key}`)
  }
  const selected = page.getByRole('status').filter({ hasText: /selected$/ })
  await page.keyboard.press('x')
  await page.keyboard.press('j')
  await page.keyboard.press('x')
  assert.equal(await selected.innerText(), '2 reports selected')
  await page.keyboard.press('x')
  assert.equal(await selected.innerText(), '1 report selected')
  // With Control held, the key is the browser's and not ours.
  await page.keyboard.press('Control+x')
  assert.equal(await selected.innerText(), '1 report selected')
}

/** In a text field every key is a letter. */
async function typing(page) {
  await inbox(page)
  await page.keyboard.press('j')
  await page.keyboard.press('/')
  const box = page.getByRole('searchbox', { name: 'Search reports, people and observables' })
  assert.ok(await box.evaluate((element) => element === document.activeElement), '/ goes to the search')
  await page.keyboard.type('jkxt/?')
  assert.equal(await box.inputValue(), 'jkxt/?')
  assert.equal(await page.getByRole('dialog').count(), 0)
  assert.equal(await page.getByRole('status').filter({ hasText: /selected$/ }).innerText(), 'No reports selected')
}

async function listOfKeys(page, check) {
  await inbox(page)
  await page.keyboard.press('j')
  await page.keyboard.press('?')
  const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await dialog.waitFor()
  const [does, keys] = [await dialog.getByRole('term').allInnerTexts(), await dialog.getByRole('definition').allInnerTexts()]
  assert.deepEqual(Object.fromEntries(does.map((what, n) => [what, keys[n]])), KEYS)
  await check(page, 'shortcuts')
  // Behind the list nothing moves.
  await page.keyboard.press('j')
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  assert.equal(await position(page), 0, 'focus goes back to the row it came from')

  const button = page.getByRole('button', { name: 'Keyboard shortcuts' })
  await button.focus()
  await page.keyboard.press('Enter')
  await dialog.getByRole('button', { name: 'Close' }).press('Enter')
  await dialog.waitFor({ state: 'hidden' })
  assert.ok(await button.evaluate((element) => element === document.activeElement), 'focus goes back to the button')
}

/** Enter opens the report, on its link and on its checkbox, where it would otherwise send the form. */
async function openByEnter(page) {
  for (const onto of ['rowheader', 'checkbox']) {
    await inbox(page)
    await page.keyboard.press('j')
    if (onto === 'checkbox') await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('region', { name: 'What we were told' }).waitFor()
  }
}

/** T takes the row that has focus and no other, goes on to the next and says so. */
async function takeByKey(page) {
  await inbox(page)
  const references = await rows(page).getByRole('checkbox').evaluateAll((boxes) => boxes.map((box) => box.labels[0].innerText.replace('Select ', '')))
  await page.keyboard.press('j')
  await page.keyboard.press('x')
  await page.keyboard.press('j')
  await page.keyboard.press('t')
  await page.getByRole('status').filter({ hasText: `You took ${references[1]}.` }).waitFor()
  assert.equal(await position(page), 1)
  assert.match(await rows(page).nth(1).innerText(), new RegExp(references[2]))

  // Given back, so that the inbox is as it was found.
  await page.getByRole('navigation', { name: 'Inbox views' }).getByRole('link', { name: /^Mine/ }).press('Enter')
  const taken = page.getByRole('checkbox', { name: `Select ${references[1]}` })
  await taken.press('Space')
  assert.ok(await taken.isChecked())
  await page.getByRole('button', { name: 'Put back' }).press('Enter')
  await page.getByText(`You put ${references[1]} back in the inbox.`).first().waitFor()
}

/** The menu and the filters fold away on a phone, and open with Enter. */
async function onAPhone(page) {
  await page.setViewportSize({ width: 390, height: 1000 })
  await inbox(page)
  const menu = page.getByRole('button', { name: 'Menu' })
  const networks = page.getByRole('navigation', { name: 'Menu' }).getByRole('link', { name: 'Networks' })
  assert.equal(await menu.getAttribute('aria-expanded'), 'false')
  assert.ok(!(await networks.isVisible()))
  await menu.press('Enter')
  assert.equal(await menu.getAttribute('aria-expanded'), 'true')
  assert.ok(await networks.isVisible())

  const apply = page.getByRole('button', { name: 'Apply filters' })
  assert.ok(!(await apply.isVisible()), 'the queue comes before the filters')
  await page.getByText('Filters', { exact: true }).focus()
  await page.keyboard.press('Enter')
  assert.ok(await apply.isVisible())
  await page.setViewportSize({ width: 1440, height: 1000 })
}

async function callList(page) {
  await page.getByRole('navigation', { name: 'Menu' }).getByRole('link', { name: 'Victim care' }).press('Enter')
  await page.getByRole('heading', { name: 'Victim care' }).waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('x')
  assert.equal(await page.getByRole('status').filter({ hasText: /selected$/ }).innerText(), '1 victim selected')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: /^Call / }).first().waitFor()
}

/** Where there is nothing to move among, the button still opens the list of keys. */
async function emptyList(page) {
  await inbox(page)
  await page.getByRole('searchbox', { name: 'Search reports', exact: true }).fill('nothing is called this')
  await page.getByRole('button', { name: 'Apply filters' }).press('Enter')
  await page.getByText('No reports match.').waitFor()
  await page.getByRole('button', { name: 'Keyboard shortcuts' }).press('Enter')
  assert.ok(await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).isVisible(), 'the button does nothing')
}

/** Single keys can be turned off; the button stays, and turns them on again. */
async function turnOff(page) {
  await inbox(page)
  const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  for (const [turn, moves] of [['off', -1], ['on', 0]]) {
    await page.getByRole('button', { name: 'Keyboard shortcuts' }).press('Enter')
    await dialog.getByRole('button', { name: `Turn single-key shortcuts ${turn}` }).press('Enter')
    await page.waitForLoadState()
    await dialog.waitFor({ state: 'hidden' })
    await page.keyboard.press('j')
    assert.equal(await position(page), moves, `J when keys are ${turn}`)
  }
}

async function inbox(page) {
  await page.goto(new URL('/inbox', page.url()).href)
  await page.getByRole('heading', { name: 'Duty inbox' }).waitFor()
}

/** Which row has focus, from 0, or -1. */
const position = (page) =>
  page.evaluate(() => [...document.querySelectorAll('table[data-triage] .ff-row')].indexOf(document.activeElement.closest('.ff-row')))
const focused = (page) => page.locator(':focus')
const rows = (page) => page.locator('table[data-triage] .ff-row')
