// What a person is told when something cannot be done: a form that lacks something, a report somebody
// else decided first, an address that cannot be read, a session that ended. Each says what to do next.
import assert from 'node:assert/strict'

const PASSWORD = 'fourfold demo county'
/** The pages themselves are checked at both widths elsewhere; a summary is most cramped here. */
const PHONE = [390]

export default async function ({ open, signIn, check }) {
  const hallam = await open()
  await signIn(hallam, 'hallam', PASSWORD)
  await recordNothing(hallam, check)
  await importNothing(hallam, check)
  await decideWithoutReason(hallam, check)

  const priya = await open()
  await signIn(priya, 'priya', PASSWORD)
  const reference = await decideSecond(hallam, priya, check)
  await allocateWithoutReason(hallam, reference, check)
  await badRequests(hallam, check)

  const marek = await open()
  await signIn(marek, 'marek', PASSWORD)
  await callWithoutOutcome(marek, check)

  const lund = await open()
  await signIn(lund, 'lund', PASSWORD)
  await enterNothing(lund, check)
  await sessionEnded(lund, open)

  await wrongPassword(await open('/sign-in'), check)
}

async function wrongPassword(page, check) {
  // A name nobody has: no account is locked by this test.
  await page.getByLabel('Username').fill('nobody.here')
  await page.getByLabel('Password', { exact: true }).fill('guess')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await problems(page, ['Enter your username and password again'], 'Sign in')
  assert.equal(await page.getByLabel('Username').inputValue(), 'nobody.here')
  assert.equal(await page.getByLabel('Password', { exact: true }).inputValue(), '')
  await check(page, 'sign-in-refused')
}

async function recordNothing(page, check) {
  await page.getByRole('button', { name: 'Record a report' }).click()
  await page.getByLabel('Forenames').fill('Flora')
  await page.getByRole('button', { name: 'Record report' }).click()
  await problems(page, ['Select whether the victim is a person or an organisation', "Enter the victim's surname", 'Enter what happened'], 'Record a report')
  assert.equal(await page.getByLabel('Forenames').inputValue(), 'Flora')
  await check(page, 'report-new-refused', PHONE)
}

async function importNothing(page, check) {
  await menu(page, 'Imports')
  await page.getByRole('button', { name: 'Import a file' }).click()
  await page.getByRole('button', { name: 'Continue' }).click()
  await problems(page, [/./], 'Import a file')
  await check(page, 'import-refused', PHONE)
  await page.getByLabel('File of reports').setInputFiles({ name: 'photo.csv', mimeType: 'text/csv', buffer: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 0]) })
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('alert').waitFor()
  await check(page, 'import-unreadable', PHONE)
}

async function decideWithoutReason(page, check) {
  await openDecision(page)
  await otherThanProposed(page, 'Which acceptance band?')
  await page.getByRole('button', { name: 'Decide and open the next' }).click()
  await problems(page, [/^Say why you decided otherwise/], /^Triage /)
  await check(page, 'decide-refused', PHONE)
}

/** Two open one report; who is second is told who was first, and where to look. */
async function decideSecond(second, first, check) {
  const address = await openDecision(second)
  const reference = (await second.getByRole('heading', { level: 1 }).innerText()).replace('Triage ', '')
  await first.goto(address)
  for (const page of [first, second]) {
    await page.getByRole('radio', { name: 'Cyber-enabled' }).check()
    await page.getByRole('radio', { name: 'Serious Fraud and Cyber Unit' }).check()
    await page.getByLabel('Reason', { exact: true }).fill('Two of us opened it at once')
    await page.getByRole('button', { name: 'Decide and return to the inbox' }).click()
  }
  await first.getByText(`You decided ${reference}.`).waitFor()
  await second.getByRole('heading', { level: 1, name: 'Somebody was first' }).waitFor()
  await second.getByText(/Priya Okafor/).waitFor()
  await check(second, 'conflict')
  await second.getByRole('link', { name: 'See how it stands now' }).click()
  await second.getByText(reference).first().waitFor()
  return reference
}

async function allocateWithoutReason(page, reference, check) {
  await menu(page, 'Allocation')
  await page.getByRole('row').filter({ hasText: reference }).getByRole('rowheader').getByRole('link').click()
  await page.getByRole('button', { name: 'Record decision' }).click()
  await problems(page, [/./], /^Allocate /)
  await check(page, 'allocate-refused', PHONE)
}

async function badRequests(page, check) {
  await menu(page, 'Inbox')
  await page.getByRole('checkbox', { name: /^Select / }).first().check()
  await page.getByRole('button', { name: 'Allocate', exact: true }).click()
  await page.getByText(/choose a colleague/i).waitFor()
  await check(page, 'nobody-to-allocate-to', PHONE)

  await menu(page, 'Inbox')
  await page.getByRole('button', { name: 'Take', exact: true }).click()
  await page.getByText('Select at least one report.').waitFor()
  await check(page, 'nothing-selected', PHONE)

  // A form of an earlier session: its token is not this session's.
  await page.locator('main input[name="csrf"]').evaluateAll((all) => all.forEach((input) => (input.value = 'earlier')))
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.request().method() === 'POST'),
    page.getByRole('button', { name: 'Take', exact: true }).click(),
  ])
  assert.equal(answer.status(), 400)
  await page.getByRole('heading', { level: 1, name: 'This did not work' }).waitFor()
  await check(page, 'earlier-session', PHONE)
}

async function callWithoutOutcome(page, check) {
  await menu(page, 'Victim care')
  await page.getByRole('rowheader').getByRole('link').first().click()
  await page.getByRole('button', { name: 'Save contact' }).click()
  await problems(page, [/./], /^Call /)
  await check(page, 'call-refused', PHONE)
}

async function enterNothing(page, check) {
  await page.getByRole('button', { name: 'Recorded crime' }).click()
  await page.getByRole('button', { name: 'Enter total' }).click()
  await problems(page, [/./], 'Recorded crime')
  await check(page, 'recorded-crime-refused', PHONE)
}

/** Signed out beside: the next step leads to sign-in, and from there to where the person was going. */
async function sessionEnded(page, open) {
  await menu(page, 'Strategy')
  const beside = await open('/strategy', { beside: page })
  await beside.getByRole('button', { name: 'Sign out' }).click()
  await beside.getByRole('heading', { name: 'Sign in', exact: true }).waitFor()
  await page.getByRole('row').filter({ hasText: 'PROTECT-06. ' }).getByRole('link').first().click()
  await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor()
  await page.getByLabel('Username').fill('lund')
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { level: 1, name: 'Advice delivered' }).waitFor()
}

/**
 * The summary says what is wrong and has focus, the page's name begins with "Error", and each line
 * leads to a field that says the same.
 */
async function problems(page, messages, title) {
  const summary = page.locator('.govuk-error-summary')
  await summary.getByRole('heading', { name: 'There is a problem' }).waitFor()
  assert.ok(await summary.evaluate((element) => element === document.activeElement), 'the summary has focus')
  assert.match(await page.title(), /^Error: /)
  await page.getByRole('heading', { level: 1, name: title }).waitFor()
  const lines = summary.getByRole('link')
  const said = await lines.allInnerTexts()
  const expected = messages.every((message) => said.some((line) => (typeof message === 'string' ? line === message : message.test(line))))
  assert.ok(expected, `the summary says ${said.join(' | ')}`)
  for (const [n, line] of said.entries()) {
    await lines.nth(n).press('Enter')
    const field = page.locator('main :is(input, select, textarea):focus')
    assert.equal(await field.count(), 1, `"${line}" leads to no field`)
    const described = await field.evaluate((element) => {
      const parts = [element, element.closest('fieldset')].filter(Boolean)
      const ids = parts.flatMap((part) => (part.getAttribute('aria-describedby') ?? '').split(' ').filter(Boolean))
      return ids.map((id) => document.getElementById(id)?.innerText ?? '').join(' ')
    })
    assert.ok(described.includes(line), `the field "${line}" leads to says "${described}"`)
  }
}

/** Opens the first report's decision from the inbox; where that is. */
async function openDecision(page) {
  await menu(page, 'Inbox')
  await page.getByRole('link', { name: /^Triage / }).first().click()
  await page.getByRole('region', { name: 'Your decision' }).waitFor()
  return page.url()
}

/** Chooses what was not proposed: then a reason is due. */
async function otherThanProposed(page, legend) {
  await page.getByRole('radio', { name: 'Not cyber' }).check()
  const choices = page.getByRole('group', { name: legend }).getByRole('radio')
  for (const choice of await choices.all()) {
    if (!(await choice.isChecked())) return choice.check()
  }
  assert.fail(`${legend} offers no other choice`)
}

async function menu(page, name) {
  const link = page.getByRole('navigation', { name: 'Menu' }).getByRole('link', { name, exact: true })
  await link.click()
  await page.waitForURL(new URL(await link.getAttribute('href'), page.url()).href)
}
