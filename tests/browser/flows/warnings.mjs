// A warning goes from a draft to every channel and down again: the public page, the feeds, e-mail that a mail server
// of this test takes, posts, the press release. A reader asks for warnings first, and stops them afterwards.
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { launch, toolbox } from '../harness.mjs'

const PASSWORD = 'fourfold demo county'
const TITLE = `Calls <b>about</b> "safe" accounts & cards ${Date.now().toString(36)}`

export default async function (inside) {
  const base = process.env.PORTAL_URL
  assert.ok(base && process.env.MAIL_PORT, 'Set PORTAL_URL and MAIL_PORT, or run `make browser`')
  const mail = await mailServer(Number(process.env.MAIL_PORT))
  const browser = await launch()
  const outside = toolbox({ browser, base, name: 'warnings-public' })
  try {
    const address = `reader-${Date.now().toString(36)}@reader.example`
    await subscribes(outside, mail, address)
    const path = await writes(inside)
    await checksAndSends(inside, path)
    await reachesThePublic(outside, path)
    const leave = await arrives(mail, address)
    await postsAndPress(inside, path)
    await stops(outside, leave)
    await clearsDown(inside, outside, path)
    outside.finish()
  } catch (error) {
    await outside.keepEvidence()
    throw error
  } finally {
    await outside.close()
    await browser.close()
    mail.close()
  }
}

/** A mail server that keeps what it takes (RFC 5321). */
async function mailServer(port) {
  const taken = []
  const sockets = new Set()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    let text = ''
    let data = false
    socket.write('220 mail.test ESMTP\r\n')
    socket.on('data', (bytes) => {
      text += bytes.toString('utf8')
      for (let end = text.indexOf(data ? '\r\n.\r\n' : '\r\n'); end >= 0; end = text.indexOf(data ? '\r\n.\r\n' : '\r\n')) {
        const part = text.slice(0, end)
        text = text.slice(end + (data ? 5 : 2))
        if (data) {
          // The folding of the transfer encoding undone.
          taken.push(part.replaceAll('=\r\n', '').replaceAll('=3D', '='))
          data = false
          socket.write('250 taken\r\n')
        } else if (/^EHLO/i.test(part)) socket.write('250-mail.test\r\n250 8BITMIME\r\n')
        else if (/^DATA/i.test(part)) (data = true), socket.write('354 go on\r\n')
        else if (/^QUIT/i.test(part)) socket.end('221 bye\r\n')
        else socket.write('250 ok\r\n')
      }
    })
  })
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  const close = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  return { taken, close }
}

async function until(what, look, seconds = 60) {
  for (let tries = 0; tries < seconds * 2; tries++) {
    const found = await look()
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  assert.fail(`${what} did not come within ${seconds} seconds`)
}

/** Presses a button of the public side, which asks whoever is as fast as a program to wait. */
async function presses(page, name) {
  await page.getByRole('button', { name, exact: true }).click()
  for (let tries = 0; tries < 5 && (await page.getByText('It is not sent yet').count()) > 0; tries++) {
    await page.waitForTimeout(3_000)
    await page.getByRole('button', { name, exact: true }).click()
  }
}

async function heading(page, name) {
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor()
}

/** A message to this address with these words, and the first link in it that holds `part`. */
function linkTo(mail, address, part) {
  const message = mail.taken.find((text) => text.includes(`To: ${address}`) && text.includes(part))
  return message?.match(new RegExp(`https://[^\\s<>]*${part}[0-9a-f]+`))?.[0]
}

const onPortal = (link) => new URL(link).pathname

async function subscribes({ open, check }, mail, address) {
  const page = await open('/alerts', { javaScriptEnabled: true })
  await page.getByRole('link', { name: 'Get them by email' }).click()
  await heading(page, 'Get warnings by email')
  await check(page, 'portal-subscribe')
  await presses(page, 'Get warnings')
  await page.getByRole('alert').getByRole('link', { name: 'Enter your email address' }).waitFor()
  await check(page, 'portal-subscribe-with-faults')
  await page.getByLabel('Email address').fill(address)
  await page.getByRole('checkbox', { name: 'Watford' }).check()
  await presses(page, 'Get warnings')
  await heading(page, 'Check your email')
  await check(page, 'portal-check-your-email')
  const link = await until('the message to confirm', () => linkTo(mail, address, '/subscribe/confirm/'))

  // Without JavaScript.
  const plain = await open(onPortal(link), { javaScriptEnabled: false })
  await heading(plain, 'Confirm your email address')
  await presses(plain, 'Confirm')
  await heading(plain, 'Thank you')
  const looked = await open(onPortal(link))
  await check(looked, 'portal-confirm')
}

/** The analyst writes, from a template; a fault is told at its field. */
async function writes({ open, signIn, check }) {
  const page = await open()
  await signIn(page, 'tomos', PASSWORD)
  await page.getByRole('navigation', { name: 'Menu' }).getByRole('link', { name: 'Networks' }).click()
  const network = await page.getByRole('main').locator('a[href^="/networks/"]').first().getAttribute('href')
  await page.getByRole('navigation', { name: 'Menu' }).getByRole('link', { name: 'Warnings' }).click()
  await heading(page, 'Warnings to the public')
  await page.getByRole('button', { name: 'Write a warning' }).click()
  await heading(page, 'Write a warning')
  await check(page, 'warning-templates')
  await page.getByRole('link', { name: 'Courier fraud' }).click()
  await page.getByLabel('Title').fill(TITLE)
  await page.getByLabel('Link (optional)').fill('https://secure-bank.example/login')
  await page.getByRole('checkbox', { name: 'Watford' }).check()
  await page.getByRole('radio', { name: 'A trend in reports' }).check()
  await page.getByLabel('What happened, and how we know').fill('Nine calls since Friday')
  await page.getByLabel('Network that caused it (optional)').fill(new URL(network, page.url()).href)
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('alert').getByRole('link', { name: /not an official site/ }).waitFor()
  await page.getByRole('alert').getByRole('link', { name: /whether the threat is immediate/ }).waitFor()
  await check(page, 'warning-with-faults')
  await page.getByLabel('Link (optional)').fill('https://www.police.uk/')
  await page.getByRole('group', { name: 'Is the threat immediate?' }).getByRole('radio', { name: 'Yes' }).check()
  await page.getByRole('button', { name: 'Save' }).click()
  await heading(page, TITLE)
  await page.getByText('Saved. When the text is right').waitFor()
  await check(page, 'warning-draft')
  const path = new URL(page.url()).pathname
  await page.getByRole('button', { name: 'Give it to be checked' }).click()
  await page.getByText('Check: risk to investigations').waitFor()
  assert.equal(await page.getByRole('link', { name: /^Approve/ }).count(), 0, 'the writer approves nothing')
  await page.goto(new URL('/warnings', page.url()).href)
  await page.getByRole('link', { name: TITLE }).waitFor()
  await check(page, 'warnings')
  return path
}

async function decides(page, link, choice) {
  await page.getByRole('link', { name: link }).click()
  for (const box of await page.getByRole('checkbox').all()) await box.check()
  const officer = page.getByRole('textbox', { name: 'Officer in the case' })
  if ((await officer.count()) > 0) await officer.fill('DS Fern')
  if (choice) await page.getByRole('radio', { name: choice }).check()
  await page.getByLabel('Reason').fill('Read and agreed')
}

/** The inspector checks, approves and sends; nothing goes out before. */
async function checksAndSends({ open, signIn, check }, path) {
  const page = await open()
  await signIn(page, 'hallam', PASSWORD)
  await page.goto(new URL(path, page.url()).href)
  await page.getByRole('link', { name: 'Check: risk to investigations' }).click()
  await page.getByRole('button', { name: 'Save decision' }).click()
  await page.getByRole('alert').getByRole('link', { name: 'Choose what is to happen' }).waitFor()
  await check(page, 'warning-check-with-faults')
  await page.getByRole('link', { name: 'The warning', exact: true }).click()
  await decides(page, 'Check: risk to investigations', 'It may be approved')
  await check(page, 'warning-check')
  await page.getByRole('button', { name: 'Save decision' }).click()
  await decides(page, 'Check: wording', 'It may be approved')
  await page.getByRole('button', { name: 'Save decision' }).click()
  await decides(page, 'Approve: detective inspector', 'Approve it')
  await check(page, 'warning-approve')
  await page.getByRole('button', { name: 'Save decision' }).click()
  await page.getByRole('button', { name: 'Send it now' }).waitFor()
  await check(page, 'warning-approved')
  await page.getByRole('button', { name: 'Send it now' }).click()
  await page.getByText('In force', { exact: true }).waitFor()
  await check(page, 'warning-sent')
}

async function reachesThePublic({ open, check, base }, path) {
  const id = path.split('/').at(-1)
  const page = await open('/alerts')
  await until('the public page', async () => {
    await page.reload()
    return page.getByRole('heading', { level: 2, name: TITLE }).count()
  })
  await page.getByRole('link', { name: 'Read our advice: Courier fraud' }).first().waitFor()
  await check(page, 'portal-alerts')
  const get = async (address) => {
    const answer = await page.request.get(new URL(address, base).href)
    assert.equal(answer.status(), 200, address)
    return answer.text()
  }
  const escaped = 'Calls &lt;b&gt;about&lt;/b&gt;'
  const atom = await get('/alerts/feed.xml')
  assert.ok(atom.includes(`urn:uuid:${id}`) && atom.includes(escaped), atom)
  assert.ok((await get('/alerts/cap.xml')).includes(`/alerts/cap/${id}.xml`))
  const cap = await get(`/alerts/cap/${id}.xml`)
  for (const part of ['<status>Actual</status>', '<msgType>Alert</msgType>', '<urgency>Immediate</urgency>', escaped, 'E07000103']) {
    assert.ok(cap.includes(part), `${part} in ${cap}`)
  }
}

/** The reader's message has the text, and a way out that mail programs know. */
async function arrives(mail, address) {
  const link = await until('the warning by e-mail', () => linkTo(mail, address, '/subscribe/leave/'))
  const messages = mail.taken.filter((text) => text.includes(`To: ${address}`))
  assert.equal(messages.length, 2, 'one to confirm, and one warning')
  assert.match(messages[1], /^List-Unsubscribe: <https:/m)
  assert.match(messages[1], /^List-Unsubscribe-Post: List-Unsubscribe=One-Click/m)
  assert.ok(messages[1].includes('Hang up.'), messages[1])
  return link
}

async function postsAndPress({ open, signIn, check }, path) {
  const page = await open()
  await signIn(page, 'amara', PASSWORD)
  await page.goto(new URL(path, page.url()).href)
  const post = await page.getByLabel('Short post').inputValue()
  assert.ok(post.startsWith(TITLE) && [...post].length <= 280, post)
  const card = page.getByRole('listitem').filter({ hasText: 'Posts on social media' })
  await card.getByLabel('People reached, if known').fill('1,200')
  await card.getByLabel('Where, or to whom').fill('Two networks')
  await card.getByRole('button', { name: 'Record that it was carried out' }).click()
  await page.getByText('1200 people reached').waitFor()
  await check(page, 'warning-posted')
  await page.getByRole('link', { name: 'Press release' }).click()
  await page.getByRole('heading', { name: 'For journalists' }).waitFor()
  assert.equal(await page.getByText('Nine calls since Friday').count(), 0, 'why we warn stays inside')
  await check(page, 'warning-press')
}

async function stops({ open, check }, link) {
  const page = await open(onPortal(link))
  await heading(page, 'Stop emails from us')
  await check(page, 'portal-leave')
  await presses(page, 'Stop emails')
  await heading(page, 'We have received it')
}

async function clearsDown({ open, signIn, check }, outside, path) {
  const page = await open()
  await signIn(page, 'amara', PASSWORD)
  await page.goto(new URL(path, page.url()).href)
  await decides(page, 'Clear it down')
  await check(page, 'warning-clear')
  await page.getByRole('button', { name: 'Clear down' }).click()
  await page.getByText('Cleared down').first().waitFor()
  await check(page, 'warning-over')
  const seen = await outside.open('/alerts')
  await until('the end on the public page', async () => {
    await seen.reload()
    return (await seen.getByRole('heading', { level: 2, name: TITLE }).count()) === 0
  })
  const id = path.split('/').at(-1)
  const cancel = await seen.request.get(new URL(`/alerts/cap/${id}-cancel.xml`, outside.base).href)
  assert.ok((await cancel.text()).includes('<msgType>Cancel</msgType>'))
}
