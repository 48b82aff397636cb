// `<div data-poll="/imports/7/progress" aria-live="polite">` shows work as it goes on: the fragment
// at that address replaces the element's content every second until the answer carries `X-Done: 1`.
//
// `aria-busy` stays true meanwhile, so a screen reader announces the outcome and not each second.
// Without JavaScript the page offers `<noscript><meta http-equiv="refresh" …></noscript>` or a link.

const EVERY_MS = 1000
const LONGEST_WAIT_MS = 15000

export function startPolling() {
  for (const element of document.querySelectorAll('[data-poll]')) follow(element)
}

async function follow(element) {
  const address = new URL(element.dataset.poll, window.location.href)
  // The fragment becomes part of this page, so it may only come from where the page came from.
  if (address.origin !== window.location.origin) return

  element.setAttribute('aria-busy', 'true')
  let wait = EVERY_MS
  let shown
  for (;;) {
    await new Promise((resume) => setTimeout(resume, wait))
    if (document.hidden) continue
    const answer = await ask(address)
    if (answer === 'unreachable') {
      wait = Math.min(wait * 2, LONGEST_WAIT_MS)
      continue
    }
    // A redirect means the session has ended: let the whole page go to sign-in.
    if (answer.type === 'opaqueredirect') return window.location.reload()
    if (!answer.ok) return giveUp(element, answer.status)

    wait = EVERY_MS
    const fragment = await answer.text()
    const done = answer.headers.get('X-Done') === '1'
    if (done) element.setAttribute('aria-busy', 'false')
    // Unchanged content is left alone: replacing it would take focus from a link inside.
    if (fragment !== shown) element.innerHTML = shown = fragment
    if (done) return
  }
}

async function ask(address) {
  try {
    return await fetch(address, {
      cache: 'no-store',
      credentials: 'same-origin',
      headers: { Accept: 'text/html' },
      redirect: 'manual',
    })
  } catch {
    return 'unreachable'
  }
}

function giveUp(element, status) {
  const message = document.createElement('p')
  message.className = 'govuk-body'
  message.textContent = `Progress cannot be shown (${status}). Reload the page to see where it has got to.`
  element.setAttribute('aria-busy', 'false')
  element.append(message)
}
