// A tyre's photograph: shrinks it in this browser, sends it with a short-lived token, and shows the result.
import { after } from "../signals.js";
import { FrontendToken } from "./frontend-token.js";
import { shrink } from "./photograph.js";

const MAX_BYTES = 2 * 1024 * 1024;
const TIMEOUT_MS = 60_000;
const UNREADABLE = ["This file cannot be opened as a picture", "Choose a JPEG, PNG or WebP, or take a photograph."];
const NOTHING_CHOSEN = ["No photograph yet", "Take one, or choose a picture, then press the button."];
const TOO_LARGE = ["The photograph is too large", "Even made smaller it has more than 2 MB. Cut out the part with the writing."];
const NO_ANSWER = ["No answer came", "The connection broke off, or took too long. Try again."];

class TirePhoto {
  constructor(form) {
    this.form = form;
    this.token = new FrontendToken(form.dataset, "tire-sidewall");
    this.inputs = [...form.querySelectorAll("input[type=file]")];
    this.button = form.querySelector("button[type=submit]");
    this.preview = form.querySelector("[data-part=preview]");
    this.answer = form.querySelector("[data-part=answer]");
    form.querySelector("[data-part=limit]").textContent = "It is made smaller in this browser before it is sent.";
    for (const input of this.inputs) {
      input.addEventListener("change", () => this.take(input));
      // The reader may have chosen a picture before this script started.
      this.take(input);
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
  }

  /** Shrinks and shows the picture of an input. The picture chosen last wins, even if an earlier one is ready later. */
  async take(input) {
    const [file] = input.files;
    if (!file) return;
    for (const other of this.inputs) if (other !== input) other.value = "";
    this.answer.replaceChildren();
    this.preview.hidden = true;
    const photograph = this.photograph = shrink(file, this.preview);
    try {
      await photograph;
    } catch {
      if (photograph === this.photograph) this.fail(...UNREADABLE);
    }
  }

  async send() {
    if (this.button.disabled) return;
    if (!this.photograph) return this.fail(...NOTHING_CHOSEN);
    this.busy(true);
    try {
      const image = await this.photograph.catch(() => null);
      if (!image) this.fail(...UNREADABLE);
      else if (image.size > MAX_BYTES) this.fail(...TOO_LARGE);
      else await this.read(image);
    } catch (error) {
      await this.explain(error);
    } finally {
      this.busy(false);
    }
  }

  async read(image) {
    let response = await this.post(image);
    if (response.status === 401) {
      // The clocks may differ, or the machine may have slept. So this tries once more with a new token.
      await this.token.renew();
      response = await this.post(image);
    }
    if (!response.ok) throw response;
    this.show((await response.json()).readings);
  }

  async post(image) {
    return fetch(this.form.dataset.endpoint, {
      method: "POST",
      headers: { Authorization: `Bearer ${await this.token.get()}`, "Content-Type": image.type },
      body: image,
      signal: after(TIMEOUT_MS),
    });
  }

  /** Shows what went wrong, in our server's words if it sent any. */
  async explain(error) {
    if (!(error instanceof Response)) return this.fail(...NO_ANSWER);
    const { error: about } = await error.json().catch(() => ({}));
    if (!about) return this.fail("The server could not take it", `It answered with status ${error.status}. Try again in a minute.`);
    this.fail(about.title, about.detail, `Reference ${about.reference}`);
  }

  busy(isBusy) {
    this.button.disabled = isBusy;
    this.form.setAttribute("aria-busy", String(isBusy));
    if (isBusy) this.answer.replaceChildren(element("p", "Reading…"));
  }

  show(readings) {
    if (readings.length === 0) {
      return this.fail("Nothing could be read", "Photograph the writing from close by, straight on, and in even light.");
    }
    const list = document.createElement("dl");
    list.className = "facts";
    for (const { label, text } of readings) {
      const row = document.createElement("div");
      row.append(element("dt", label), element("dd", text));
      list.append(row);
    }
    this.answer.replaceChildren(list);
  }

  fail(title, ...lines) {
    const notice = document.createElement("div");
    notice.className = "notice notice--problem";
    const heading = element("p", title);
    heading.className = "notice__title";
    notice.append(heading, ...lines.map((line) => element("p", line)));
    this.answer.replaceChildren(notice);
  }
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

export function start(form) {
  new TirePhoto(form);
}
