// Submits a form at once. Without scripts, a person presses its button.
export function start(form) {
  form.requestSubmit();
}
