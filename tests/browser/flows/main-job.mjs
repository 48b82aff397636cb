// One report's way through the force: a file comes in, the report is read and decided, its victim is
// called, and the strategy board counts it. Three people do it, each signed in on their own.
import assert from 'node:assert/strict'
import { follow } from '../harness.mjs'

const PASSWORD = 'fourfold demo county'
const DISTRICT = 'Wrenfield'
const SCRIPT = '<script>alert(1)</script>'

export default async function ({ open, signIn, check }) {
  const file = listOfTwo()
  const priya = await open()
  priya.on('dialog', () => assert.fail('a narrative ran as a script'))
  await signIn(priya, 'priya', PASSWORD)
  await importFile(priya, check, file)
  await takeAndDecide(priya, check, file)

  const marek = await open()
  await signIn(marek, 'marek', PASSWORD)
  await callVictim(marek, check, file)

  const lund = await open()
  await signIn(lund, 'lund', PASSWORD)
  await readBoard(lund, check)
}

/** Two new reports with one offender's telephone; nothing in them was ever imported before. */
function listOfTwo() {
  const mark = Date.now().toString(36).toUpperCase()
  const [first, second] = [`FLOW-${mark}-1`, `FLOW-${mark}-2`]
  const digits = Date.now().toString().slice(-6)
  const phone = `07400 ${digits}`
  // Each run has victims of its own: two runs' reports of one telephone would be one person.
  const victims = [`07403 ${digits}`, `07404 ${digits}`]
  const now = new Date().toISOString().slice(0, 10)
  const rows = [
    'feed,reference,received_at,nfib_code,narrative,victim_forename,victim_surname,victim_phone,victim_postcode,district,loss,suspect_phone'.split(','),
    ['victim_list', first, now, 'NFIB3A', `They sent me this: ${SCRIPT} and then rang.`, 'Flora', `Ash${mark.toLowerCase()}`, victims[0], 'AL1 3JE', DISTRICT, '120.50', phone],
    ['victim_list', second, now, 'NFIB3A', 'The same number rang me too.', 'Hugo', `Elm${mark.toLowerCase()}`, victims[1], 'SG1 1XX', DISTRICT, '80', phone],
  ]
  const csv = rows.map((row) => row.map((cell) => `"${cell}"`).join(',')).join('\r\n')
  return { name: `victims-${mark}.csv`, csv, first, second, surname: rows[1][6] }
}

async function importFile(page, check, file) {
  await page.goto(at(page, '/imports'))
  await check(page, 'imports')
  await follow(page, page.getByRole('button', { name: 'Import a file' }))
  await check(page, 'import-new')
  await page.getByLabel('File of reports').setInputFiles({
    name: file.name,
    mimeType: 'text/csv',
    buffer: Buffer.from(file.csv),
  })
  await page.getByRole('button', { name: 'Continue' }).click()
  await heading(page, `Columns of ${file.name}`)
  for (const [column, field] of [['reference', 'reference'], ['suspect_phone', 'suspect_phone']]) {
    assert.equal(await page.getByRole('combobox', { name: column, exact: true }).inputValue(), field)
  }
  await check(page, 'import-mapping')
  await page.getByRole('button', { name: 'Dry run' }).click()
  await heading(page, 'Dry run')
  assert.equal(await figure(page, 'Would be accepted'), '2')
  assert.equal(await figure(page, 'Would be rejected'), '0')
  await check(page, 'import-dry-run')
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await heading(page, /^(Import of|Receipt for) /)
  await page.locator('dl.ff-figures').waitFor()
  assert.equal(await figure(page, 'Accepted'), '2')
  assert.equal(await figure(page, 'Rejected'), '0')
  await check(page, 'import-receipt')
}

async function takeAndDecide(page, check, file) {
  await follow(page, page.getByRole('link', { name: 'Inbox' }))
  await check(page, 'inbox')
  await find(page, file.first)
  await check(page, 'inbox-found')
  await page.getByLabel(`Select ${file.first}`).check()
  await page.getByRole('button', { name: 'Take', exact: true }).click()
  await follow(page, page.getByRole('link', { name: 'Mine 1' }))
  await check(page, 'inbox-mine')
  await row(page, file.first).getByRole('rowheader').getByRole('link').first().click()

  const told = page.getByRole('region', { name: 'What we were told' })
  await told.getByText(SCRIPT).waitFor()
  const linked = page.getByRole('region', { name: 'Why this is linked' })
  await linked.getByRole('link', { name: file.second }).waitFor()
  await check(page, 'report')
  await page.goBack()

  await page.getByRole('link', { name: `Triage ${file.first}` }).click()
  await page.getByRole('region', { name: 'Your decision' }).waitFor()
  await check(page, 'decide')
  await page.getByRole('button', { name: 'Decide and return to the inbox' }).click()
  await heading(page, 'Duty inbox')
  await page.getByRole('link', { name: 'Mine 0' }).waitFor()
  await check(page, 'inbox-decided')
}

async function callVictim(page, check, file) {
  await follow(page, page.getByRole('link', { name: 'Victim care' }))
  await check(page, 'call-list')
  await page.getByLabel('District').fill(DISTRICT)
  await page.getByRole('checkbox', { name: 'National victim list' }).check()
  await page.getByRole('button', { name: 'Apply filters' }).click()
  await page.getByRole('link', { name: `Flora ${file.surname}` }).click()
  await heading(page, `Call Flora ${file.surname}`)
  await page.getByRole('region', { name: 'The report' }).getByText(SCRIPT).waitFor()
  await check(page, 'call')

  for (const topic of ['Do now', 'Make safe']) {
    await page.getByRole('group', { name: topic }).first().getByRole('checkbox').first().check()
  }
  const prevention = page.getByRole('combobox').filter({ hasText: 'Not covered' })
  assert.equal(await prevention.count(), 7)
  for (const question of await prevention.all()) await question.selectOption('Will do this')
  await page.getByRole('radio', { name: 'Advice given' }).check()
  await page.getByRole('radio', { name: 'Phone' }).check()
  await page.getByLabel('Length in minutes').fill('12')
  await page.getByRole('button', { name: 'Save contact' }).click()
  await page.waitForLoadState()
  await check(page, 'call-ended')
}

async function readBoard(page, check) {
  await heading(page, /./, 1)
  await check(page, 'board')
  await page.getByRole('row').filter({ hasText: 'PROTECT-06' }).getByRole('link').first().click()
  await page.getByRole('heading', { name: 'What was promised' }).waitFor()
  await check(page, 'commitment')
}

async function find(page, reference) {
  await page.getByRole('searchbox', { name: 'Search reports', exact: true }).fill(reference)
  await page.getByRole('button', { name: 'Apply filters' }).click()
  await row(page, reference).waitFor()
}

const row = (page, text) => page.getByRole('row').filter({ hasText: text })
const heading = (page, name) => page.getByRole('heading', { name }).first().waitFor()
const at = (page, address) => new URL(address, page.url()).href
const figure = (page, title) =>
  page.locator('.ff-figure', { has: page.getByText(title, { exact: true }) }).locator('dd').innerText()
