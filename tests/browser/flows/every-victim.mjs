// The 100 per cent ledger: the sum of victims received, the names behind it, the proof pack; and a
// repeat victim, found by linkage, as a caller sees them.
import assert from 'node:assert/strict'

const PASSWORD = 'fourfold demo county'

export default async function ({ open, signIn, check }) {
  const hallam = await open()
  await signIn(hallam, 'hallam', PASSWORD)
  await sum(hallam, check)
  await names(hallam, check)
  await pack(hallam)
  await repeatVictim(hallam, check)

  const lund = await open()
  await signIn(lund, 'lund', PASSWORD)
  await figuresAlone(lund, check)
}

async function sum(page, check) {
  await page.getByRole('navigation', { name: 'Menu' }).getByRole('link', { name: 'Every victim', exact: true }).click()
  await heading(page, 'Every victim')
  const year = new Date().getFullYear() - 1
  await period(page, ['1', '1', String(year)])
  await page.getByText(/^Received 1 January/).waitFor()
  const figures = page.getByRole('table', { name: 'Victims received, by where they stand' })
  const rows = await figures.getByRole('row').evaluateAll((all) =>
    all.slice(1).map((row) => [...row.querySelectorAll('td')].map((cell) => Number.parseInt(cell.innerText, 10))))
  assert.equal(rows.length, 7)
  for (const series of [0, 1]) {
    const parts = rows.slice(0, 6).map((row) => row[series])
    assert.equal(parts.reduce((a, b) => a + b, 0), rows[6][series], 'received is the sum')
  }
  assert.ok(rows[6][0] > 100, 'the county has victims')
  await check(page, 'every-victim')

  await page.getByLabel('Where victims live or trade').selectOption({ index: 1 })
  await page.getByRole('button', { name: 'Apply filters' }).click()
  await page.getByRole('link', { name: /^Remove this filter/ }).waitFor()
  await page.getByRole('link', { name: /^Remove this filter/ }).click()

  await period(page, ['31', '2', '2026'])
  await page.getByRole('alert').getByRole('heading', { name: 'There is a problem' }).waitFor()
  await check(page, 'every-victim-no-day')
  await period(page, ['1', '1', String(year)])
  await page.getByText(/^Received 1 January/).waitFor()
}

async function names(page, check) {
  const figures = page.getByRole('table', { name: 'Victims received, by where they stand' })
  await figures.getByRole('link', { name: /Declined, National service: names$/ }).click()
  await heading(page, 'Victims: declined')
  await page.getByRole('rowheader').first().waitFor()
  await check(page, 'every-victim-names')
  assert.match(await downloaded(page, 'Download names (CSV)'), /\nnational,declined,/)
  await page.getByRole('rowheader').getByRole('link').first().click()
  await page.getByText(/^Declined at /).waitFor()
  await page.goBack()
  await page.getByRole('link', { name: 'Every victim' }).first().click()
  await heading(page, 'Every victim')
}

async function pack(page) {
  await page.getByRole('button', { name: 'Download figures (CSV)' }).waitFor()
  assert.match(await downloaded(page, 'Download proof pack (ZIP)'), /^PK/)
}

/** Somebody who reported more than once: the list says so, the call page shows the other reports. */
async function repeatVictim(page, check) {
  await page.getByRole('navigation', { name: 'Menu' }).getByRole('link', { name: 'Victim care', exact: true }).click()
  const repeat = page.getByRole('row').filter({ hasText: /other reports?$/m })
  for (let tries = 0; tries < 8 && (await repeat.count()) === 0; tries += 1) {
    await page.getByRole('navigation', { name: 'Pages of victims' }).getByRole('link', { name: 'Next' }).click()
  }
  await repeat.first().getByRole('rowheader').getByRole('link').click()
  const card = page.getByRole('region', { name: 'Repeat victim' })
  await card.getByText(/other reports? of the same person/).waitFor()
  await card.getByText('Reported another crime in the last 365 days (+2)').waitFor()
  await check(page, 'call-repeat-victim')
}

async function figuresAlone(page, check) {
  await page.getByRole('navigation', { name: 'Menu' }).getByRole('link', { name: 'Every victim', exact: true }).click()
  await heading(page, 'Every victim')
  assert.equal(await page.getByRole('link', { name: /: names$/ }).count(), 0)
  assert.equal(await page.getByRole('button', { name: /proof pack/ }).count(), 0)
  await check(page, 'every-victim-as-lead')
}

async function period(page, [day, month, year]) {
  const from = page.getByRole('group', { name: 'Received from' })
  await from.getByLabel('Day').fill(day)
  await from.getByLabel('Month').fill(month)
  await from.getByLabel('Year').fill(year)
  await page.getByRole('button', { name: 'Apply filters' }).click()
}

async function downloaded(page, name) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()])
  let text = ''
  for await (const part of await file.createReadStream()) text += part
  return text
}

const heading = (page, name) => page.getByRole('heading', { name }).first().waitFor()
