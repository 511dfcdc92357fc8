// Copies the text of another element, if the browser allows it.
export function start(button) {
  const source = document.getElementById(button.dataset.source);
  if (!navigator.clipboard || !source) return;
  const label = [...button.childNodes];
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(source);
      button.textContent = "Selected: press Ctrl-C";
    }
    setTimeout(() => button.replaceChildren(...label), 3000);
  });
}
