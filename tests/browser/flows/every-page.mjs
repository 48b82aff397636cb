// Every page there is, reached as a person reaches it and looked at on a desk and on a phone. The
// inspector opens nearly all of them; the others open what only they may, or what they see otherwise.
import assert from 'node:assert/strict'
import { follow } from '../harness.mjs'

const PASSWORD = 'fourfold demo county'
const DISTRICT = 'Northbrook'
/** More than one page of the inbox and of the call list. */
const OTHERS = 52

export default async function ({ open, signIn, check }) {
  const file = aFile()
  const as = async (user) => {
    const page = await open()
    await signIn(page, user, PASSWORD)
    return page
  }

  const visitor = await open('/')
  await beforeSigningIn(visitor, check)

  const hallam = await as('hallam')
  await imports(hallam, check, file)
  await inbox(hallam, check)
  await oneReport(hallam, check, file)
  await peopleAndNetworks(hallam, check, file)
  await search(hallam, check, file)
  await allocation(hallam, check, file)
  await callList(hallam, check, file)
  await strategy(hallam, check)
  await aboutTheService(hallam, check)

  await caller(await as('grace'), check, file)
  await victimCare(await as('marek'), check, file)
  await analyst(await as('tomos'), check, file)
  await lead(await as('lund'), check)
  await auditor(await as('audit'), check, file)
  await administrator(await as('admin'), check, file)
}

/** Two reports of one victim that name one offender's telephone, many others, and a row to refuse. */
function aFile() {
  const mark = Date.now().toString(36).toUpperCase()
  const digits = Date.now().toString().slice(-6)
  const now = new Date().toISOString().slice(0, 10)
  const [first, second] = [`PAGES-${mark}-A`, `PAGES-${mark}-B`]
  // Unlike the names and birthdays of any earlier run, or one person would be seen in both.
  const letters = [...mark.toLowerCase()].reverse().join('')
  const surname = `${letters}wood`
  const born = new Date((Date.now() * 99_991) % 1e12).toISOString().slice(0, 10)
  const phone = `+447401${digits}`
  const columns = 'feed,reference,received_at,nfib_code,narrative,victim_forename,victim_surname,victim_date_of_birth,victim_phone,victim_email,victim_postcode,district,loss,suspect_phone'
  const one = ['Petra', surname, born, `07402 ${digits}`, `petra.${surname}@example.com`, 'AL1 3JE', DISTRICT]
  const rows = [
    ['victim_list', first, now, 'NFIB3A', 'A man from the bank rang.', ...one, '1200', phone],
    ['victim_list', second, now, 'NFIB3A', 'The same man rang again.', ...one, '80', phone],
    ['victim_list', '', now, 'NFIB3A', 'A row with no reference.', 'Ivo', 'Elder', '', '', '', 'SG1 1XX', DISTRICT, '1', ''],
  ]
  for (let n = 0; n < OTHERS; n += 1) {
    rows.push(['victim_list', `PAGES-${mark}-${n}`, now, 'NFIB3A', `A letter came, the ${n}th.`, 'Ada', `${letters}${n}`, '', '', '', 'SG1 1XX', 'Fernhurst', `${n}`, ''])
  }
  const csv = [columns.split(','), ...rows].map((row) => row.map((cell) => `"${cell}"`).join(',')).join('\r\n')
  return { name: `pages-${mark}.csv`, csv, first, second, surname, phone, victim: `Petra ${surname}` }
}

async function beforeSigningIn(page, check) {
  await heading(page, 'Sign in')
  await check(page, 'sign-in')
  for (const [link, name] of [['Accessibility statement', 'accessibility'], ['Cookies', 'cookies'], ['Privacy', 'privacy']]) {
    await page.getByRole('contentinfo').getByRole('link', { name: link }).click()
    await heading(page, link)
    await check(page, name)
  }
  assert.equal(await page.getByRole('navigation', { name: 'Menu' }).count(), 0)
}

async function imports(page, check, file) {
  await menu(page, 'Imports')
  await page.getByRole('link', { name: 'Sources and when they are expected' }).click()
  await heading(page, 'Sources')
  await check(page, 'sources')
  await page.getByRole('button', { name: 'Import a file' }).click()
  await page.getByLabel('File of reports').setInputFiles({ name: file.name, mimeType: 'text/csv', buffer: Buffer.from(file.csv) })
  await page.getByRole('button', { name: 'Continue' }).click()
  await heading(page, `Columns of ${file.name}`)

  // Left for a while: the receipt says that the columns wait to be confirmed, and leads back to them.
  await menu(page, 'Imports')
  await page.getByRole('link', { name: file.name }).click()
  await page.getByText('Its columns are not confirmed yet').waitFor()
  await check(page, 'import-waiting')
  await page.getByRole('button', { name: 'Confirm the columns' }).click()
  await page.getByRole('button', { name: 'Dry run' }).click()
  await heading(page, 'Dry run')
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await page.locator('dl.ff-figures').waitFor()
  assert.equal(await figure(page, 'Accepted'), String(OTHERS + 2))
  assert.equal(await figure(page, 'Rejected'), '1')
  await page.getByRole('region', { name: 'Rejected rows' }).waitFor()
  await check(page, 'import-rejected-row')
  const mended = await downloaded(page, 'Download the rejected rows (CSV)')
  assert.match(mended, /A row with no reference/)
  await menu(page, 'Imports')
  await check(page, 'imports-listed')
}

async function inbox(page, check) {
  await menu(page, 'Inbox')
  for (const view of ['Mine', 'Taken by others', 'Closed today', 'To triage']) {
    await page.getByRole('navigation', { name: 'Inbox views' }).getByRole('link', { name: view }).click()
    await assertCurrent(page, view)
    await fits(page)
  }
  for (const column of ['Severity', 'Received', 'Due in']) {
    await page.getByRole('columnheader', { name: column }).getByRole('link').click()
    assert.match(await page.getByRole('columnheader', { name: column }).getAttribute('aria-sort'), /ascending|descending/)
  }
  const before = await rowHeaders(page)
  await page.getByRole('navigation', { name: 'Pages of reports' }).getByRole('link', { name: 'Next' }).click()
  await page.waitForLoadState()
  const after = await rowHeaders(page)
  assert.ok(after.length > 0 && after.every((reference) => !before.includes(reference)), 'the next page repeats the first')
  await fits(page)
  await page.getByRole('link', { name: 'Back to the first page' }).click()
  await page.waitForLoadState()
  assert.deepEqual(await rowHeaders(page), before)

  await page.getByRole('searchbox', { name: 'Search reports', exact: true }).fill('nothing is called this')
  await page.getByRole('button', { name: 'Apply filters' }).click()
  await page.getByText('No reports match.').waitFor()
  await check(page, 'inbox-no-match')
  await page.getByRole('link', { name: 'Clear filters' }).click()

  await page.getByRole('checkbox', { name: 'Linked to a network' }).check()
  await page.getByRole('button', { name: 'Apply filters' }).click()
  await page.getByText('Your views').click()
  await page.getByLabel('Save this filter as').fill('Linked')
  await page.getByRole('button', { name: 'Save view' }).click()
  await assertCurrent(page, 'Linked')
  await check(page, 'inbox-own-view')
  await page.getByText('Your views').click()
  await page.getByRole('button', { name: 'Remove the view Linked' }).click()
  await page.getByRole('heading', { name: 'Duty inbox' }).waitFor()
  assert.equal(await page.getByRole('link', { name: 'Linked', exact: true }).count(), 0)
}

async function oneReport(page, check, file) {
  await menu(page, 'Inbox')
  await page.getByRole('button', { name: 'Record a report' }).click()
  await heading(page, 'Record a report')
  await check(page, 'report-new')

  await openReport(page, file.first)
  const linked = page.getByRole('region', { name: 'Why this is linked' })
  await linked.getByRole('link', { name: file.second }).first().waitFor()
  await linked.getByText('Reject this link').first().click()
  await check(page, 'report-reject-link')
  await page.getByLabel('Reason for rejecting this link').first().fill('short')
  await page.getByRole('button', { name: /^Reject link/ }).first().click()
  await errorSummary(page)
  await check(page, 'report-link-refused')

  await openReport(page, file.first)
  await page.getByRole('link', { name: `Judge this link to ${file.second}` }).click()
  await page.getByRole('button', { name: 'Keep judgement' }).waitFor()
  await check(page, 'judge')
  await page.getByRole('button', { name: 'Keep judgement' }).click()
  await errorSummary(page)
  await page.getByRole('radio', { name: 'Same', exact: true }).check()
  await page.getByLabel('Reason', { exact: true }).fill('One date of birth, one telephone')
  await page.getByRole('button', { name: 'Keep judgement' }).click()
  await page.getByText('A person judged them to be the same').first().waitFor()
}

async function peopleAndNetworks(page, check, file) {
  await openReport(page, file.first)
  await page.getByRole('region', { name: 'Victim', exact: true }).getByRole('link').click()
  await heading(page, file.victim)
  await page.getByRole('region', { name: 'Judgements' }).waitFor()
  await check(page, 'person')

  await page.goBack()
  await page.getByRole('region', { name: 'What we were told' }).getByRole('link', { name: file.phone }).click()
  await heading(page, file.phone)
  assert.equal(await page.getByRole('rowheader').count(), 2)
  await check(page, 'observable')

  await page.getByRole('link', { name: /^Network .+ 2 reports$/ }).click()
  await page.getByRole('region', { name: 'Values its reports share' }).getByRole('link', { name: file.phone }).waitFor()
  await check(page, 'network')

  await menu(page, 'Networks')
  await check(page, 'networks')
  await page.getByRole('link', { name: 'Most recent' }).click()
  await assertCurrent(page, 'Most recent')
  await page.getByRole('navigation', { name: /Pages/ }).getByRole('link', { name: 'Next' }).click()
  await heading(page, 'Networks')
  await fits(page)
}

async function search(page, check, file) {
  const box = page.getByRole('searchbox', { name: 'Search reports, people and observables' })
  await box.fill(file.surname)
  await page.getByRole('search', { name: 'Everything' }).getByRole('button', { name: 'Search' }).click()
  await page.getByRole('region', { name: 'Reports', exact: true }).getByRole('link').first().waitFor()
  await page.getByRole('region', { name: 'People and organisations', exact: true }).getByRole('link', { name: file.victim }).first().waitFor()
  await check(page, 'search')
  await box.fill('qqqqqqqqqq')
  await box.press('Enter')
  await page.getByText('Nothing was found.').waitFor()
  await check(page, 'search-nothing')
}

async function allocation(page, check, file) {
  await menu(page, 'Inbox')
  await find(page, file.first)
  await page.getByRole('link', { name: `Triage ${file.first}` }).click()
  await page.getByRole('radio', { name: 'Cyber-enabled' }).check()
  await page.getByRole('radio', { name: 'Serious Fraud and Cyber Unit' }).check()
  await page.getByLabel('Reason', { exact: true }).fill('The caller is the one we look for')
  await page.getByRole('button', { name: 'Decide and return to the inbox' }).click()
  await page.getByText(`You decided ${file.first}.`).waitFor()
  await page.getByRole('link', { name: /^Closed today/ }).click()
  await row(page, file.first).waitFor()
  await check(page, 'inbox-closed')

  await menu(page, 'Allocation')
  await row(page, file.first).waitFor()
  await check(page, 'allocation')
  await row(page, file.first).getByRole('rowheader').getByRole('link').click()
  await heading(page, `Allocate ${file.first}`)
  await page.getByRole('region', { name: 'Your decision' }).waitFor()
  await check(page, 'allocate')
  await page.getByRole('link', { name: 'Back to allocation' }).click()
  await follow(page, page.getByRole('link', { name: 'Decided' }))
  await check(page, 'allocation-decided')
  await page.getByRole('rowheader').getByRole('link').first().click()
  await heading(page, /^Allocate /)
  assert.equal(await page.getByRole('region', { name: 'Your decision' }).count(), 0)
  await fits(page)
  await menu(page, 'Allocation')
  await page.getByRole('link', { name: 'Exceptions' }).click()
  await assertCurrent(page, 'Exceptions')
  await fits(page)
}

async function callList(page, check, file) {
  await menu(page, 'Victim care')
  for (const view of ['Mine', 'Call back later', 'With a caller', 'Closed today', 'To call']) {
    await page.getByRole('navigation', { name: 'Call list views' }).getByRole('link', { name: view }).click()
    await assertCurrent(page, view)
    await fits(page)
  }
  await page.getByRole('navigation', { name: 'Pages of victims' }).getByRole('link', { name: 'Next' }).click()
  await heading(page, 'Victim care')
  await fits(page)
  await menu(page, 'Victim care')
  await page.getByLabel('District').fill(DISTRICT)
  await page.getByRole('button', { name: 'Apply filters' }).click()
  await row(page, file.victim).getByText('2 reports, one call').waitFor()

  // An inspector reads the call page and does not call.
  await page.getByRole('link', { name: file.victim }).click()
  await heading(page, `Call ${file.victim}`)
  assert.equal(await page.getByRole('button', { name: 'Save contact' }).count(), 0)
  await check(page, 'call-read-only')
  await page.goBack()

  await page.getByRole('checkbox', { name: `Select ${file.victim}` }).check()
  await page.getByLabel('Allocate to').selectOption('Beacon Fraud Hub')
  await page.getByRole('button', { name: 'Allocate', exact: true }).click()
  await heading(page, 'Victim care')
}

async function strategy(page, check) {
  await menu(page, 'Strategy')
  await page.getByRole('link', { name: 'Nothing recorded yet' }).click()
  await page.getByText('Only commitments with the status').waitFor()
  await fits(page)
  await page.getByRole('rowheader').getByRole('link').first().click()
  await page.getByText('Nothing is recorded for this yet.').waitFor()
  await check(page, 'commitment-nothing-yet')
  await menu(page, 'Strategy')
  assert.match(await downloaded(page, 'Download figures (CSV)'), /PROTECT-06/)
  await names(page, check)
}

/** From the board to the people behind a figure. */
async function names(page, check) {
  await menu(page, 'Strategy')
  await page.getByRole('row').filter({ hasText: 'PROTECT-06' }).getByRole('link').first().click()
  await page.getByRole('link', { name: /^See names/ }).first().click()
  await heading(page, 'Names behind the figure')
  await page.getByRole('rowheader').first().waitFor()
  await check(page, 'names')
  assert.match(await downloaded(page, 'Download names (CSV)'), /\n.+,/)
  await page.getByRole('link', { name: /^Show everybody counted in/ }).click()
  await heading(page, 'Names behind the figure')
  await fits(page)
}

async function aboutTheService(page, check) {
  await page.getByRole('contentinfo').getByRole('link', { name: 'Privacy' }).click()
  await heading(page, 'Privacy')
  await page.getByRole('navigation', { name: 'Menu' }).getByRole('link', { name: 'Inbox' }).waitFor()
  await fits(page)
  await page.goto(at(page, '/api'))
  await heading(page, 'API')
  await page.getByText('GET /api/v1/inbox – Reports waiting for triage').click()
  await page.getByRole('table', { name: 'Answers' }).first().waitFor()
  await check(page, 'api')
}

/** A partner's caller: their own unit's victims and nothing else. */
async function caller(page, check, file) {
  await heading(page, 'Victim care')
  await row(page, file.victim).waitFor()
  await check(page, 'partner-call-list')
  await page.getByRole('link', { name: file.victim }).click()
  await heading(page, `Call ${file.victim}`)
  await page.getByRole('button', { name: 'Save contact' }).waitFor()
  assert.equal(await page.getByRole('main').locator('a[href^="/reports/"]').count(), 0)
  await check(page, 'partner-call')
  // Some texts were not checked by a lawyer yet: they are not offered, and the page says which are waiting.
  await page.getByRole('link', { name: 'Write to them' }).click()
  assert.equal(await page.getByRole('radio', { name: 'We could not reach you' }).count(), 0)
  await page.getByText('Texts that may not be sent yet').click()
  await check(page, 'message-not-checked')
}

async function victimCare(page, check, file) {
  await heading(page, 'Networks')
  await menu(page, 'Messages')
  await heading(page, 'Messages to victims')
  await check(page, 'messages')
  await page.getByRole('searchbox', { name: 'Search reports, people and observables' }).fill(file.first)
  await page.getByRole('search', { name: 'Everything' }).getByRole('button', { name: 'Search' }).click()
  await page.getByRole('region', { name: 'Reports', exact: true }).getByRole('link').first().click()
  await page.getByRole('region', { name: 'What we were told' }).waitFor()
  assert.equal(await page.getByRole('link', { name: /^Not the same/ }).count(), 0)
  await check(page, 'report-as-victim-care')
}

async function analyst(page, check, file) {
  await heading(page, 'Duty inbox')
  await find(page, file.second)
  assert.equal(await page.getByRole('button', { name: 'Take', exact: true }).count(), 0)
  await check(page, 'inbox-as-analyst')
  await page.getByRole('link', { name: `Triage ${file.second}` }).click()
  await heading(page, `Triage ${file.second}`)
  assert.equal(await page.getByRole('region', { name: 'Your decision' }).count(), 0)
  await check(page, 'decide-as-analyst')
  await menu(page, 'Allocation')
  await row(page, file.first).getByRole('rowheader').getByRole('link').click()
  await heading(page, `Allocate ${file.first}`)
  assert.equal(await page.getByRole('region', { name: 'Your decision' }).count(), 0)
  await fits(page)
}

async function lead(page, check) {
  await heading(page, 'Strategy board')
  await page.getByRole('button', { name: 'Recorded crime' }).click()
  await heading(page, 'Recorded crime')
  await check(page, 'recorded-crime')
  await page.getByRole('link', { name: 'GEN-08' }).click()
  await page.getByRole('region', { name: 'What was promised' }).waitFor()
  // Figures, never names.
  assert.equal(await page.getByRole('link', { name: /names/i }).count(), 0)
  await check(page, 'commitment-as-lead')
}

async function auditor(page, check, file) {
  await openReport(page, file.second)
  await check(page, 'report-as-auditor')
  await menu(page, 'Audit')
  await page.getByText('Show the checkpoint').click()
  await check(page, 'audit')
  await page.getByRole('checkbox', { name: 'Refused only' }).check()
  await page.getByRole('button', { name: 'Apply filters' }).click()
  await heading(page, 'Audit')
  await fits(page)
  await menu(page, 'Audit')
  await page.getByRole('cell').getByRole('link', { name: 'DI Ruth Hallam' }).first().click()
  await page.getByRole('link', { name: 'Remove this filter' }).first().waitFor()
  await follow(page, page.getByRole('navigation', { name: 'Pages of the audit' }).getByRole('link', { name: 'Next' }))
  await fits(page)
}

async function administrator(page, check, file) {
  await heading(page, 'Imports')
  await page.getByRole('link', { name: file.name }).click()
  await heading(page, `Receipt for ${file.name}`)
  assert.equal(await figure(page, 'Rejected'), '1')
  await check(page, 'import-as-administrator')
}

async function openReport(page, reference) {
  const box = page.getByRole('searchbox', { name: 'Search reports, people and observables' })
  await box.fill(reference)
  await box.press('Enter')
  await page.getByRole('region', { name: 'Reports', exact: true }).getByRole('listitem').filter({ hasText: reference }).getByRole('link').click()
  await page.getByRole('region', { name: 'What we were told' }).waitFor()
}

async function find(page, reference) {
  await page.getByRole('searchbox', { name: 'Search reports', exact: true }).fill(reference)
  await page.getByRole('button', { name: 'Apply filters' }).click()
  await row(page, reference).waitFor()
}

/** Chooses from the menu and waits for the page to be there. */
async function menu(page, name) {
  const link = page.getByRole('navigation', { name: 'Menu' }).getByRole('link', { name, exact: true })
  await link.click()
  await page.waitForURL(new URL(await link.getAttribute('href'), page.url()).href)
}

async function assertCurrent(page, view) {
  const current = page.getByRole('main').locator('nav [aria-current="page"]')
  assert.match(await current.innerText(), new RegExp(`^${view}`))
}

/** No wider than the screen, and with a heading: for a page like one that was checked whole. */
async function fits(page) {
  await page.setViewportSize({ width: 390, height: 1000 })
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  await page.setViewportSize({ width: 1440, height: 1000 })
  assert.ok(wider <= 0, `${page.url()} is ${wider} px wider than a phone`)
  assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1, page.url())
}

async function errorSummary(page) {
  await page.getByRole('alert').getByRole('heading', { name: 'There is a problem' }).waitFor()
}

async function downloaded(page, name) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()])
  let text = ''
  for await (const part of await file.createReadStream()) text += part
  return text
}

const rowHeaders = (page) => page.getByRole('rowheader').locator('.ff-sub').allInnerTexts()
const row = (page, text) => page.getByRole('row').filter({ hasText: text })
const heading = (page, name) => page.getByRole('heading', { name }).first().waitFor()
const at = (page, address) => new URL(address, page.url()).href
const figure = (page, title) =>
  page.locator('.ff-figure', { has: page.getByText(title, { exact: true }) }).locator('dd').innerText()
