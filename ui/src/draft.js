// Save as you speak: `<form data-draft="ADDRESS">` is sent there a few seconds after the last change, and
// again when the line comes back. `[data-draft-status]` says what was kept. Without this file a button of
// the form does the same.

const WAIT = 4_000
const AGAIN = 15_000

export function startDrafts() {
  for (const form of document.querySelectorAll('form[data-draft]')) new Draft(form)
}

class Draft {
  constructor(form) {
    this.form = form
    this.status = document.querySelector('[data-draft-status]')
    this.timer = 0
    this.changed = false
    form.addEventListener('input', () => this.later(WAIT))
    form.addEventListener('change', () => this.later(WAIT))
    // The contact itself is on its way: a draft sent after it would come back.
    form.addEventListener('submit', () => this.stop())
    window.addEventListener('online', () => this.changed && this.save())
    // Leaving the page, or the browser going to the back on a telephone.
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden' && this.changed) this.save()
    })
  }

  later(wait) {
    this.changed = true
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.save(), wait)
  }

  stop() {
    clearTimeout(this.timer)
    this.changed = false
  }

  async save() {
    clearTimeout(this.timer)
    this.changed = false
    try {
      const answer = await fetch(this.form.dataset.draft, {
        method: 'POST',
        body: new URLSearchParams(new FormData(this.form)),
        headers: { 'X-Draft': 'yes' },
        keepalive: true,
        redirect: 'error',
      })
      if (!answer.ok) throw new Error(String(answer.status))
      this.say(`Kept at ${new Date().toLocaleTimeString('en-GB', { hour: 'numeric', minute: '2-digit', hour12: true })}.`)
    } catch {
      this.say('Not kept: the connection is lost. Stay on this page; it is tried again.')
      this.later(AGAIN)
    }
  }

  say(text) {
    if (this.status) this.status.textContent = text
  }
}
