// Victims of a network are told that their report helped: an inspector decides from the network's page, one victim is
// left out, and everybody else is told once or stands there with the reason why not. The letters are printed and posted.
import assert from 'node:assert/strict'
import { follow } from '../harness.mjs'

const PASSWORD = 'fourfold demo county'

export default async function ({ open, signIn, check }) {
  const as = async (user) => {
    const page = await open()
    await signIn(page, user, PASSWORD)
    return page
  }
  const file = aFile()
  const hallam = await as('hallam')
  await importFile(hallam, file)
  await decide(hallam, check, file)
  await letters(await as('marek'), check, file)
  await looks(await as('audit'), check, file)
}

/** Four victims of one caller: two with an email address, one with a postal one only, one with neither. */
function aFile() {
  const mark = Date.now().toString(36).toUpperCase()
  const digits = (Date.now() + 7).toString().slice(-6)
  const now = new Date().toISOString().slice(0, 10)
  const letters = [...mark.toLowerCase()].reverse().join('')
  const columns = 'feed,reference,received_at,nfib_code,narrative,victim_forename,victim_surname,victim_date_of_birth,victim_phone,victim_email,victim_address,victim_postcode,district,loss,suspect_phone'
  const born = (n) => new Date((Date.now() * 99_991 + n * 77_777_777_777) % 1e12).toISOString().slice(0, 10)
  const victims = [
    ['Petronella', `${letters}quist`, `petronella@${letters}.example`, ''],
    ['Bartholomew', `o${letters}sson`, `bartholomew@${letters}.example`, ''],
    ['Wilhelmina', `${letters}aux`, '', '12, Long Lane, St Albans'],
    ['Ignatius', `mc${letters}`, '', ''],
  ]
  const rows = victims.map(([forename, surname, email, address], n) => [
    'victim_list', `HELPED-${mark}-${n}`, now, 'NFIB3A', 'A man from the bank rang.', forename, surname, born(n), '', email, address,
    'AL1 3JE', 'Northbrook', String(100 + n), `+447402${digits}`,
  ])
  const csv = [columns.split(','), ...rows].map((row) => row.map((cell) => `"${cell}"`).join(',')).join('\r\n')
  const name = (n) => `${victims[n][0]} ${victims[n][1]}`
  return { name: `helped-${mark}.csv`, csv, first: `HELPED-${mark}-0`, phone: `+447402${digits}`, victims: [0, 1, 2, 3].map(name) }
}

async function importFile(page, file) {
  await page.goto(at(page, '/imports'))
  await page.getByRole('button', { name: 'Import a file' }).click()
  await page.getByLabel('File of reports').setInputFiles({ name: file.name, mimeType: 'text/csv', buffer: Buffer.from(file.csv) })
  await page.getByRole('button', { name: 'Continue' }).click()
  await heading(page, `Columns of ${file.name}`)
  await page.getByRole('button', { name: 'Dry run' }).click()
  await page.getByRole('heading', { name: 'Dry run' }).waitFor()
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await page.locator('dl.ff-figures').waitFor()
}

/** Opens the network of the file's reports, as a person finds it. */
async function network(page, file) {
  const box = page.getByRole('searchbox', { name: 'Search reports, people and observables' })
  await box.fill(file.first)
  await box.press('Enter')
  await page.getByRole('region', { name: 'Reports', exact: true }).getByRole('listitem').filter({ hasText: file.first }).getByRole('link').click()
  await page.getByRole('region', { name: 'What we were told' }).getByRole('link', { name: file.phone }).click()
  await heading(page, file.phone)
  await page.getByRole('link', { name: /^Network .+ 4 reports$/ }).click()
  await page.getByRole('region', { name: 'Values its reports share' }).waitFor()
  await follow(page, page.getByRole('button', { name: 'Tell victims that they helped' }))
  await heading(page, 'Tell victims that their report helped')
}

async function decide(page, check, file) {
  const [petronella, bartholomew, wilhelmina, ignatius] = file.victims
  await network(page, file)
  await page.getByText('4 victims in 4 reports: 2 can be told by email, 1 by letter, 1 cannot.').waitFor()
  await row(page, ignatius).getByText('No email or postal address is held').waitFor()
  await check(page, 'helped')
  await page.getByRole('button', { name: 'Choose who is told' }).click()
  await page.getByRole('alert').getByRole('heading', { name: 'There is a problem' }).waitFor()
  await check(page, 'helped-wrong')
  await page.getByRole('radio', { name: 'Your report helped: somebody was charged' }).check()
  await page.getByLabel('Who authorised that victims are told').fill('DCI Okonjo')
  await page.getByLabel('What happened, and why victims can be told now').fill('One man charged yesterday; the press office tells at noon')
  await page.getByRole('button', { name: 'Choose who is told' }).click()
  await heading(page, 'Choose who is told')
  // All who can be told are ticked; nobody else has a box.
  assert.equal(await page.getByRole('checkbox').count(), 3)
  for (const box of await page.getByRole('checkbox').all()) assert.ok(await box.isChecked())
  await check(page, 'helped-choose')
  await page.getByRole('button', { name: 'Leave everybody out' }).click()
  await page.getByText('0 ticked, 3 left out').waitFor()
  await page.getByRole('button', { name: 'See what it says' }).click()
  await page.getByText('Tick at least one victim to tell').first().waitFor()
  await check(page, 'helped-nobody')
  await page.getByRole('checkbox', { name: `Select ${petronella}` }).check()
  await page.getByRole('checkbox', { name: `Select ${wilhelmina}` }).check()
  await page.getByRole('button', { name: 'See what it says' }).click()
  await heading(page, 'What victims will read')
  await page.getByText('2 victims read this').waitFor()
  await check(page, 'helped-preview')
  await page.getByRole('button', { name: 'Tell 2 victims' }).click()
  await page.getByText('Recorded. Emails leave').waitFor()
  const figures = page.getByRole('region', { name: 'Figures' })
  await figures.getByText('Left out by the officer: 1').waitFor()
  await figures.getByText('Could not be told: 1').waitFor()
  await check(page, 'helped-decision')
  await figures.getByRole('link', { name: 'Left out by the officer' }).click()
  await row(page, bartholomew).waitFor()
  assert.equal(await row(page, petronella).count(), 0)
}

async function letters(page, check, file) {
  const [, , wilhelmina] = file.victims
  await page.goto(at(page, '/messages'))
  await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Letters' }).click()
  await heading(page, 'Letters to post')
  await row(page, wilhelmina).waitFor()
  await check(page, 'letters')
  assert.match(await downloaded(page, /^Print .*letters? \(PDF\)$/), /^%PDF-1\.7/)
  await row(page, wilhelmina).getByRole('link').first().click()
  await heading(page, 'Letter')
  await check(page, 'letter-made')
  assert.match(await downloaded(page, 'Download as PDF'), /^%PDF-1\.7/)
  await page.goto(at(page, '/letters'))
  await page.getByRole('button', { name: 'Record ticked letters as posted' }).click()
  await page.getByText('Tick the letters that were posted').waitFor()
  await page.getByRole('checkbox', { name: `Select ${wilhelmina}` }).check()
  await page.getByRole('button', { name: 'Record ticked letters as posted' }).click()
  await page.getByText('Recorded: 1 letter posted.').waitFor()
}

/** An auditor sees what was decided, and decides nothing. */
async function looks(page, check, file) {
  await network(page, file)
  assert.equal(await page.getByRole('button', { name: 'Choose who is told' }).count(), 0)
  await page.getByRole('region', { name: 'Decisions so far' }).getByRole('link', { name: 'Your report helped: somebody was charged' }).click()
  await page.getByText('DCI Okonjo').waitFor()
  await page.getByRole('region', { name: 'Figures' }).getByRole('link', { name: 'Told', exact: true }).click()
  await row(page, file.victims[2]).waitFor()
  await check(page, 'helped-decision-as-auditor')
}

async function downloaded(page, name) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()])
  let text = ''
  for await (const part of await file.createReadStream()) text += part.toString('latin1')
  return text
}

const at = (page, address) => new URL(address, page.url()).href
const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor()
const row = (page, name) => page.getByRole('row').filter({ hasText: name })
