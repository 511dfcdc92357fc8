// Shows a <time> in the reader's time zone. UTC stays as its title.
const english = navigator.languages.find((language) => language.startsWith("en")) ?? "en-GB";
const format = new Intl.DateTimeFormat(english, {
  day: "numeric", month: "short", year: "numeric", hour: "numeric", minute: "2-digit", timeZoneName: "short",
});

export function start(time) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) return;
  time.title = time.textContent;
  time.textContent = format.format(at);
}
