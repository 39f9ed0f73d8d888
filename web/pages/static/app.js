// What pages do besides HTMX and Alpine. Nothing here is needed to read, or to send a form.
'use strict';

// A browser offers of a list only what goes with what stands in the field, which steps aside while
// another is chosen: <input list="…" data-pick>. It comes back unless it was deleted.
function back(field) {
  if (field.dataset.had === undefined) return;
  if (field.value === '') field.value = field.dataset.had;
  field.placeholder = field.dataset.hint;
  delete field.dataset.had;
}
document.addEventListener('focusin', (event) => {
  const field = event.target;
  if (!field.matches('input[data-pick]') || field.value === '') return;
  field.dataset.had = field.value;
  field.dataset.hint = field.placeholder;
  field.placeholder = field.value;
  field.value = '';
});
document.addEventListener('focusout', (event) => back(event.target));
document.addEventListener('keydown', (event) => {
  const field = event.target;
  if (!field.matches('input[data-had]')) return;
  if (event.key === 'Enter') back(field);
  if (field.value !== '' || (event.key !== 'Backspace' && event.key !== 'Delete')) return;
  field.placeholder = field.dataset.hint;
  delete field.dataset.had;
});
document.addEventListener('submit', (event) => {
  // A form is sent once, however often somebody clicks; HTMX forms look after themselves.
  const form = event.target;
  if (form.hasAttribute('hx-post') || form.method !== 'post') return;
  // What opens a tab of its own leaves the page as it is, to be sent again.
  if (event.submitter && event.submitter.formTarget) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = 'yes';
  form.setAttribute('aria-busy', 'true');
});
window.addEventListener('pageshow', () => {
  // The back button brings a page as it was left.
  for (const form of document.querySelectorAll('form[data-sent]')) {
    delete form.dataset.sent;
    form.removeAttribute('aria-busy');
  }
});
for (const each of document.querySelectorAll('nav [aria-current="page"]')) {
  // Where links do not fit beside one another, the one that is looked at is in sight.
  const row = each.closest('nav');
  row.scrollLeft += each.getBoundingClientRect().right - row.getBoundingClientRect().right;
}
document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-print]');
  if (button) window.print();
});
document.addEventListener('change', (event) => {
  // The tick at a table's head is for every row: <input type="checkbox" data-all="member">.
  const all = event.target.closest('input[data-all]');
  if (all) {
    for (const each of document.querySelectorAll(`input[name="${all.dataset.all}"]`)) {
      if (each.checked !== all.checked) {
        each.checked = all.checked;
        each.dispatchEvent(new Event('change', { bubbles: true }));
      }
    }
  }
  // A choice that is sent as it is made: <form data-auto>.
  const form = event.target.form;
  if (form && form.hasAttribute('data-auto')) form.requestSubmit();
});
