// Sends a form on at once; without scripts a person presses its button.
export function start(form) {
  form.requestSubmit();
}
