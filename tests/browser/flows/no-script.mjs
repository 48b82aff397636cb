// Without JavaScript everything still works: plain links and forms. Axe needs script, so these pages
// are measured here and checked with script elsewhere.
import assert from 'node:assert/strict'

const PASSWORD = 'fourfold demo county'

export default async function ({ open, signIn, overflow, screenshot }) {
  const page = await open(undefined, { javaScriptEnabled: false })
  await signIn(page, 'hallam', PASSWORD)
  const fits = (name) => fitsAtBothWidths(page, name, overflow, screenshot)
  await filter(page, fits)
  await readAndTake(page, fits)
  await refused(page, fits)
  await onAPhone(page, fits)
}

async function filter(page, fits) {
  await menu(page, 'Inbox', 'Duty inbox')
  // Buttons that only script can answer are not offered.
  assert.ok(!(await page.getByRole('button', { name: 'Keyboard shortcuts' }).isVisible()))
  await fits('no-script-inbox')
  const all = await rows(page).count()
  await page.getByRole('checkbox', { name: 'Linked to a network' }).check()
  await page.getByRole('button', { name: 'Apply filters' }).click()
  const some = await rows(page).count()
  assert.ok(some > 0 && some < all, `${some} of ${all} reports are linked`)
  await page.getByRole('columnheader', { name: 'Severity' }).getByRole('link').click()
  assert.equal(await page.getByRole('columnheader', { name: 'Severity' }).getAttribute('aria-sort'), 'descending')
  assert.equal(await rows(page).count(), some, 'sorting loses no report')
}

async function readAndTake(page, fits) {
  const title = rows(page).first().getByRole('rowheader')
  const reference = (await title.locator('.ff-sub').innerText()).split(' · ')[0]
  await title.getByRole('link').first().click()
  await page.getByRole('region', { name: 'What we were told' }).waitFor()
  assert.ok(!(await page.getByRole('button', { name: 'Print this page' }).isVisible()))
  // What is folded away opens by itself: it is the browser's own.
  await page.getByText(/^Not known: /).first().click()
  await fits('no-script-report')
  await page.goBack()

  await page.getByRole('checkbox', { name: `Select ${reference}` }).check()
  await page.getByRole('button', { name: 'Take', exact: true }).click()
  await page.getByText(`You took ${reference}.`).waitFor()
  await page.getByRole('link', { name: /^Mine/ }).click()
  await page.getByRole('link', { name: `Triage ${reference}` }).click()
  await page.getByRole('region', { name: 'Your decision' }).waitFor()
  await fits('no-script-decide')
  await page.getByRole('link', { name: 'Back to the inbox' }).click()
  await page.getByRole('checkbox', { name: `Select ${reference}` }).check()
  await page.getByRole('button', { name: 'Put back' }).click()
  await page.getByText(`You put ${reference} back in the inbox.`).waitFor()
}

/** The server finds what is wrong with a form, keeps what was typed and leads to the field. */
async function refused(page, fits) {
  await menu(page, 'Inbox', 'Duty inbox')
  await page.getByRole('button', { name: 'Record a report' }).click()
  await page.getByLabel('Forenames').fill('Flora')
  await page.getByRole('button', { name: 'Record report' }).click()
  const problem = page.getByRole('alert')
  await problem.getByRole('link', { name: 'Enter what happened' }).click()
  assert.equal(new URL(page.url()).hash, `#${await page.getByLabel('What happened', { exact: true }).getAttribute('id')}`)
  assert.equal(await page.getByLabel('Forenames').inputValue(), 'Flora')
  await fits('no-script-refused')
}

/** The menu and the filters are open where no script folds them. */
async function onAPhone(page, fits) {
  await page.setViewportSize({ width: 390, height: 1000 })
  await page.getByRole('navigation', { name: 'Menu' }).getByRole('link', { name: 'Victim care' }).click()
  await page.getByRole('heading', { name: 'Victim care' }).waitFor()
  assert.ok(await page.getByRole('button', { name: 'Apply filters' }).isVisible())
  await fits('no-script-call-list')
}

async function fitsAtBothWidths(page, name, overflow, screenshot) {
  const before = page.viewportSize()
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 1000 })
    assert.equal(await overflow(page), 0, `${name} is wider than ${width} px`)
    await screenshot(page, `${name}-${width}`)
  }
  await page.setViewportSize(before)
}

async function menu(page, name, title) {
  await page.getByRole('navigation', { name: 'Menu' }).getByRole('link', { name, exact: true }).click()
  await page.getByRole('heading', { name: title }).waitFor()
}

const rows = (page) => page.getByRole('main').getByRole('row').filter({ has: page.getByRole('rowheader') })
