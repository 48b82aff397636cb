// `<button type="button" data-print>` opens the print dialog. Hidden by ff.css without JavaScript.
export function startPrinting() {
  for (const button of document.querySelectorAll('[data-print]')) {
    button.addEventListener('click', () => window.print())
  }
}
