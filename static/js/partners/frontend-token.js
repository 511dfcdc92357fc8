// The short-lived token of a page. It comes with the page, and is renewed before it expires.
const MARGIN_SECONDS = 60;

export class FrontendToken {
  constructor({ tokens, csrf, token, tokenSeconds }, purpose) {
    this.address = tokens;
    this.csrf = csrf;
    this.purpose = purpose;
    this.#keep(token, Number(tokenSeconds));
  }

  #keep(token, seconds) {
    this.token = token;
    // This uses the wall clock, because other clocks stop while the machine sleeps.
    this.renewAt = Date.now() + (seconds - MARGIN_SECONDS) * 1000;
  }

  /** Returns a token that is valid for at least another minute. Throws the Response of a refused renewal. */
  async get() {
    if (Date.now() >= this.renewAt) await this.renew();
    return this.token;
  }

  async renew() {
    const response = await fetch(this.address, {
      method: "POST",
      headers: { "X-CSRF-Token": this.csrf },
      body: new URLSearchParams({ purpose: this.purpose }),
    });
    if (!response.ok) throw response;
    const { token, expires_in: seconds } = await response.json();
    this.#keep(token, seconds);
  }
}
