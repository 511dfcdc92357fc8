// The parts of the implicit callback page. All values from outside are inserted as text.
export class View {
  constructor(root) {
    this.part = (name) => root.querySelector(`[data-part="${name}"]`);
  }

  announce(kind, title, text) {
    const notice = this.part("notice");
    notice.className = `notice notice--${kind}`;
    this.part("title").textContent = title;
    this.part("text").textContent = text;
    notice.hidden = false;
  }

  onForget(forget) {
    const button = this.part("forget");
    button.hidden = false;
    button.addEventListener("click", () => {
      forget();
      this.part("status").focus();
    });
  }

  say(section, text) {
    this.part(`${section}-text`).textContent = text;
    this.part(section).hidden = false;
  }

  fail(section, text) {
    this.part(section).classList.add("panel--problem");
    this.say(section, text);
  }

  get hasDevices() {
    return this.part("device-list").childElementCount > 0;
  }

  addDevice(id, name) {
    const row = this.part("device-row").content.cloneNode(true);
    row.querySelector("[data-field=name]").textContent = name;
    row.querySelector("[data-field=id]").textContent = id;
    this.part("device-list").append(row);
  }

  clear() {
    for (const section of ["user", "devices"]) {
      this.part(section).hidden = true;
      this.part(`${section}-text`).textContent = "";
    }
    this.part("device-list").replaceChildren();
    this.part("forget").hidden = true;
  }
}
